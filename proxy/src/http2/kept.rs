//! The fields of a request that is on its way, should it have to go another.

use bytes::{Buf, BufMut, Bytes, BytesMut};
use http::{HeaderMap, HeaderName, HeaderValue};

/// What most heads fit in.
const ROOM: usize = 1024;

/// In one piece: hardly any request goes twice, and a copy of the map would cost more than all else of handing it over.
#[derive(Debug)]
pub(super) struct Kept(BytesMut);

impl Kept {
    pub(super) fn of(fields: &HeaderMap) -> Self {
        let mut kept = BytesMut::with_capacity(ROOM);
        for (name, value) in fields {
            let name = name.as_str().as_bytes();
            kept.reserve(2 * size_of::<u32>() + 1 + name.len() + value.len());
            // A head has less than 64 KiB.
            kept.put_u32(name.len() as u32);
            kept.put_u32(value.len() as u32);
            kept.put_u8(value.is_sensitive().into());
            kept.put_slice(name);
            kept.put_slice(value.as_bytes());
        }
        Self(kept)
    }

    pub(super) fn restore(self) -> HeaderMap {
        let mut fields = HeaderMap::new();
        let mut kept = self.0.freeze();
        while let Some((name, value)) = field(&mut kept) {
            fields.append(name, value);
        }
        fields
    }
}

/// The next field; they were valid when they were put there.
fn field(kept: &mut Bytes) -> Option<(HeaderName, HeaderValue)> {
    let name_length = kept.try_get_u32().ok()? as usize;
    let value_length = kept.try_get_u32().ok()? as usize;
    let is_sensitive = kept.try_get_u8().ok()? != 0;
    if name_length.checked_add(value_length)? > kept.len() {
        return None;
    }
    let name = HeaderName::from_bytes(&kept.split_to(name_length)).ok()?;
    let mut value = HeaderValue::from_maybe_shared(kept.split_to(value_length)).ok()?;
    value.set_sensitive(is_sensitive);
    Some((name, value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_come_back_as_they_were() {
        let mut fields = HeaderMap::new();
        assert!(Kept::of(&fields).restore().is_empty());
        fields.append("accept", HeaderValue::from_static("a"));
        fields.append("accept", HeaderValue::from_static(""));
        fields.append("x-own", HeaderValue::from_bytes(b"\xff\t~").unwrap());
        fields.append("x-long", HeaderValue::from_str(&"v".repeat(5_000)).unwrap());
        let mut secret = HeaderValue::from_static("secret");
        secret.set_sensitive(true);
        fields.append("x-secret", secret);
        let restored = Kept::of(&fields).restore();
        assert_eq!(restored, fields);
        assert!(restored["x-secret"].is_sensitive());
        assert!(!restored["x-own"].is_sensitive());
    }
}
