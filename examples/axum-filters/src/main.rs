//! `cargo run -p tidegate-axum-filters`, then four times `curl -i http://127.0.0.1:3000/hello`.
#![allow(clippy::disallowed_methods, reason = "no worker is near")]

use std::env::args;
use std::error::Error;
use std::net::SocketAddr;

use tidegate_axum_filters::app;
use tokio::net::TcpListener;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let address = args().nth(1).unwrap_or_else(|| "127.0.0.1:3000".to_owned());
    let listener = TcpListener::bind(address).await?;
    let service = app()?.into_make_service_with_connect_info::<SocketAddr>();
    axum::serve(listener, service).await?;
    Ok(())
}
