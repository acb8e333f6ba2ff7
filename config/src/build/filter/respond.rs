//! `directResponse`.

use std::io;
use std::path::Path;
use std::sync::Arc;

use super::{NamedFile, Site, headers};
use crate::diagnostic::{Code, ValueError};
use crate::digest::Digest;
use crate::filter::DirectResponse;
use crate::raw;
use crate::store::read_bounded;

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
        (None, Some(file)) => read_file(site, file),
        (None, None) => Some(Arc::default()),
    }
}

/// What a file holds that the configuration names, relative to the file that names it.
fn read_file(site: &mut Site<'_>, path: &raw::Text) -> Option<Arc<[u8]>> {
    let beside = Path::new(&**site.file).parent().unwrap_or(Path::new(""));
    let full = beside.join(&path.value);
    // A pipe would make the loader wait for whoever writes into it.
    let is_odd = full.metadata().is_ok_and(|metadata| !metadata.is_file());
    let bytes = if is_odd {
        Err(io::Error::other("it is no file"))
    } else {
        read_bounded(&full, MAX_BODY)
    };
    site.named.push(NamedFile {
        content: bytes
            .as_ref()
            .map_or_else(|_| Digest::default(), |bytes| Digest::of(&[bytes])),
        path: full.clone(),
    });
    let problem = match bytes {
        Ok(bytes) if bytes.len() <= MAX_BODY => return Some(bytes.into()),
        Ok(_) => "is larger than 1 MiB".to_owned(),
        Err(error) => format!("cannot be read: {error}"),
    };
    let error = ValueError::new(Code::BadFile, format!("`{}` {problem}", full.display()));
    site.report(path.mark, error.help("paths are relative to the file that says them"));
    None
}
