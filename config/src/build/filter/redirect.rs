//! `redirect`.

use super::{Site, optional, path, says_nothing};
use crate::diagnostic::{Code, ValueError};
use crate::filter::{Redirect, RedirectStatus};
use crate::origin::Mark;
use crate::raw;
use crate::values::checked;

pub(super) fn redirect(site: &mut Site<'_>, raw: &raw::Redirect, mark: Mark) -> Option<Redirect> {
    if raw.scheme.is_none() && raw.host.is_none() && raw.port.is_none() && raw.path.is_none() {
        says_nothing(
            site,
            mark,
            "a redirect that changes nothing sends the client in a circle",
        );
        return None;
    }
    let mut code = RedirectStatus::default();
    site.set(&mut code, raw.status.as_ref(), |&number| status(number));
    let host = optional(raw.host.as_ref(), |host| site.parse(host));
    let port = optional(raw.port.as_ref(), |port| site.take(port.mark, self::port(port.value)));
    let path = optional(raw.path.as_ref(), |path| path::redirected(site, path));
    Some(Redirect {
        scheme: raw.scheme,
        host: host?,
        port: port?,
        path: path?,
        status: code,
    })
}

fn status(number: u64) -> Result<RedirectStatus, ValueError> {
    let status = RedirectStatus::ALL
        .into_iter()
        .find(|status| u64::from(status.code()) == number);
    status.ok_or_else(|| {
        ValueError::new(Code::OutOfRange, format!("{number} is no status of a redirect"))
            .help("write 301, 302, 303, 307 or 308")
    })
}

fn port(number: u64) -> Result<u16, ValueError> {
    Ok(u16::try_from(checked(number, 1, u64::from(u16::MAX), "a port")?).unwrap_or(u16::MAX))
}
