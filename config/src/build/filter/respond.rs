//! `directResponse`.

use std::sync::Arc;

use super::{Site, headers};
use crate::diagnostic::{Code, ValueError};
use crate::filter::DirectResponse;
use crate::raw;

/// The largest body in bytes.
const MAX_BODY: usize = 1 << 20;

pub(super) fn direct_response(site: &mut Site<'_>, raw: &raw::DirectResponse) -> Option<DirectResponse> {
    let mut status = 0_u32;
    site.number(&mut status, Some(&raw.status), 200, 599);
    let headers = headers::values(site, raw.headers.as_ref());
    let body = body(site, raw)?;
    if matches!(status, 204 | 205 | 304) && !body.is_empty() {
        let error = ValueError::new(Code::Pointless, format!("an answer with status {status} has no body"));
        site.report(
            raw.status.mark,
            error.help("leave the body out, or take another status"),
        );
    }
    Some(DirectResponse {
        status: u16::try_from(status).ok()?,
        headers,
        body,
    })
}

fn body(site: &mut Site<'_>, raw: &raw::DirectResponse) -> Option<Arc<[u8]>> {
    match (&raw.body, &raw.file) {
        (Some(_), Some(file)) => {
            let error = ValueError::new(
                Code::NotOneOf,
                "the body is either written here or in a file".to_owned(),
            );
            site.report(file.mark, error.help("leave `body` or `file` out"));
            None
        }
        (Some(body), None) if body.value.len() > MAX_BODY => {
            let error = ValueError::new(Code::OutOfRange, "the body is larger than 1 MiB".to_owned());
            site.report(body.mark, error.help("serve large files from a server of your own"));
            None
        }
        (Some(body), None) => Some(body.value.as_bytes().into()),
        (None, Some(file)) => site.read_file(file, MAX_BODY).map(Arc::from),
        (None, None) => Some(Arc::default()),
    }
}
