//! Configurations, and the four pairings as four tests.

use std::net::SocketAddr;

use tidegate_integration::harness::{Origin, Proxy};

/// What a test sets beyond the least; each is what stands inside the braces of its object.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Extra {
    pub(crate) listener: &'static str,
    pub(crate) route: &'static str,
    pub(crate) cluster: &'static str,
}

/// One listener, one route, one cluster of one endpoint.
pub(crate) fn config(upstream: SocketAddr, protocol: &str, extra: Extra) -> String {
    let Extra {
        listener,
        route,
        cluster,
    } = extra;
    format!(
        "listeners:\n  web: {{ address: 127.0.0.1:0, {listener} }}\n\
         routes:\n  all: {{ listeners: [web], rules: [{{ backends: [{{ cluster: up }}] }}], {route} }}\n\
         clusters:\n  up: {{ protocol: {protocol}, endpoints: [{{ address: {upstream} }}], {cluster} }}\n"
    )
}

/// A proxy in front of this origin.
pub(crate) fn proxy(origin: &Origin) -> Proxy {
    proxy_with(origin, Extra::default())
}

/// The same with settings.
pub(crate) fn proxy_with(origin: &Origin, extra: Extra) -> Proxy {
    Proxy::start(&config(origin.address, origin.protocol(), extra))
}

/// Makes of each function a module with a test for each pairing, named downstream first.
macro_rules! in_every_pairing {
    ($($name:ident),+ $(,)?) => {
        $(mod $name {
            use tidegate_integration::harness::Wire::{H1, H2};

            #[test]
            fn h1_to_h1() {
                super::$name(H1, H1);
            }

            #[test]
            fn h1_to_h2() {
                super::$name(H1, H2);
            }

            #[test]
            fn h2_to_h1() {
                super::$name(H2, H1);
            }

            #[test]
            fn h2_to_h2() {
                super::$name(H2, H2);
            }
        })+
    };
}
pub(crate) use in_every_pairing;
