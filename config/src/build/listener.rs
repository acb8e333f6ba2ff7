//! Listeners.

use super::{Site, size_within};
use crate::diagnostic::{Code, ValueError};
use crate::listener::{
    Http2Settings, HttpSettings, Listener, ListenerLimits, ListenerTimeouts, Profile, ServerHeader, ViaHeader,
};
use crate::raw;
use crate::route::Policies;
use crate::values::{ByteSize, FrameSize, TimeSpan, WindowSize};

const KIB: u64 = 1 << 10;
const MIB: u64 = 1 << 20;
const ANY: u64 = u32::MAX as u64;

/// What a head or a trailer section may be set to at most: the codec keeps the ends of its lines on the stack, in 16 bits
/// each.
const MOST_BYTES: u64 = 64 * KIB;
const MOST_FIELDS: u64 = 256;

pub(crate) fn listener(site: &mut Site<'_>, raw: &raw::Listener) -> Option<Listener> {
    let profile = raw.profile;
    let mut drain = Listener::default_drain(profile);
    site.set(&mut drain, raw.drain.as_ref(), |text| {
        Ok(text.parse::<TimeSpan>()?.duration())
    });
    let address = site.parse(&raw.address);
    let access_log = raw
        .access_log
        .as_ref()
        .map(|raw| super::access_log::access_log(site, raw));
    Some(Listener {
        id: site.id.clone(),
        origin: site.origin(site.mark),
        profile,
        timeouts: timeouts(site, profile, &raw.timeouts),
        limits: limits(site, profile, &raw.limits),
        http: http(site, profile, &raw.http),
        http2: http2(site, profile, &raw.http2),
        drain,
        access_log: access_log.flatten(),
        policies: policies(site, raw),
        address: address?,
    })
}

/// What a listener says for all routes on it.
fn policies(site: &mut Site<'_>, raw: &raw::Listener) -> Policies {
    let written = &raw.timeouts;
    Policies {
        filters: super::filter::filters(site, raw.filters.as_ref()),
        disabled: Vec::new(),
        timeouts: super::route::timeouts(site, written.request.as_ref(), written.backend_request.as_ref()),
    }
}

fn timeouts(site: &mut Site<'_>, profile: Profile, raw: &raw::ListenerTimeouts) -> ListenerTimeouts {
    let mut timeouts = ListenerTimeouts::defaults(profile);
    site.limit(&mut timeouts.request_head, raw.request_head.as_ref());
    site.limit(&mut timeouts.idle, raw.idle.as_ref());
    site.limit(&mut timeouts.body_stall, raw.body_stall.as_ref());
    site.limit(&mut timeouts.write_stall, raw.write_stall.as_ref());
    site.limit(&mut timeouts.stream_idle, raw.stream_idle.as_ref());
    site.limit(&mut timeouts.tunnel_idle, raw.tunnel_idle.as_ref());
    timeouts
}

fn limits(site: &mut Site<'_>, profile: Profile, raw: &raw::ListenerLimits) -> ListenerLimits {
    let mut limits = ListenerLimits::defaults(profile);
    site.size(&mut limits.head_bytes, raw.head_bytes.as_ref(), KIB, MOST_BYTES);
    site.size(&mut limits.line_bytes, raw.line_bytes.as_ref(), KIB, MOST_BYTES);
    site.count(&mut limits.header_fields, raw.header_fields.as_ref(), 1, MOST_FIELDS);
    site.count(&mut limits.trailer_fields, raw.trailer_fields.as_ref(), 0, MOST_FIELDS);
    site.size(&mut limits.target_bytes, raw.target_bytes.as_ref(), KIB, MOST_BYTES);
    site.size(
        &mut limits.chunk_extension_bytes,
        raw.chunk_extension_bytes.as_ref(),
        0,
        MIB,
    );
    site.size(&mut limits.trailer_bytes, raw.trailer_bytes.as_ref(), 0, MOST_BYTES);
    site.count(&mut limits.connections, raw.connections.as_ref(), 1, 1_000_000);
    site.set(
        &mut limits.requests_per_connection,
        raw.requests_per_connection.as_ref(),
        |&number| {
            let number = crate::values::checked(number, 0, ANY, "a number of requests (0 for no limit)")?;
            Ok((number > 0).then_some(number))
        },
    );
    limits
}

fn http2(site: &mut Site<'_>, profile: Profile, raw: &raw::Http2) -> Http2Settings {
    let mut http2 = Http2Settings::defaults(profile);
    let window = |text: &String| WindowSize::new(text.parse::<ByteSize>()?.bytes());
    site.number(
        &mut http2.max_concurrent_streams,
        raw.max_concurrent_streams.as_ref(),
        1,
        10_000,
    );
    site.set(&mut http2.stream_window, raw.stream_window.as_ref(), window);
    site.set(&mut http2.connection_window, raw.connection_window.as_ref(), window);
    site.size(&mut http2.send_buffer, raw.send_buffer.as_ref(), KIB, 64 * MIB);
    site.set(&mut http2.max_frame_size, raw.max_frame_size.as_ref(), |text| {
        FrameSize::new(text.parse::<ByteSize>()?.bytes())
    });
    site.set(&mut http2.header_table_size, raw.header_table_size.as_ref(), |text| {
        size_within(text, 0, MIB)
    });
    site.count(
        &mut http2.pending_accept_resets,
        raw.pending_accept_resets.as_ref(),
        1,
        ANY,
    );
    site.count(&mut http2.own_resets, raw.own_resets.as_ref(), 1, ANY);
    site.number(&mut http2.received_resets, raw.received_resets.as_ref(), 1, ANY);
    site.number(&mut http2.pings, raw.pings.as_ref(), 1, ANY);
    site.number(&mut http2.settings, raw.settings.as_ref(), 1, ANY);
    site.number(&mut http2.empty_data, raw.empty_data.as_ref(), 1, ANY);
    http2
}

fn http(site: &mut Site<'_>, profile: Profile, raw: &raw::Http) -> HttpSettings {
    let mut http = HttpSettings::defaults(profile);
    if let Some(raw) = &raw.server {
        http.server = server(site, raw);
    }
    if let Some(raw) = &raw.via {
        http.via = via(site, raw);
    }
    http.request_id = raw.request_id.unwrap_or(http.request_id);
    site.number(&mut http.trusted_hops, raw.trusted_hops.as_ref(), 0, 32);
    http.preserve_header_case = raw.preserve_header_case.unwrap_or(http.preserve_header_case);
    http.underscores = raw.underscores.unwrap_or(http.underscores);
    http
}

fn server(site: &mut Site<'_>, raw: &raw::Server) -> ServerHeader {
    match raw.action {
        raw::ServerAction::Overwrite => {
            ServerHeader::Overwrite(raw.name.as_ref().and_then(|name| site.parse(name)).unwrap_or_default())
        }
        raw::ServerAction::Pass => {
            no_name(site, raw.name.as_ref(), "overwrite");
            ServerHeader::Pass
        }
        raw::ServerAction::Remove => {
            no_name(site, raw.name.as_ref(), "overwrite");
            ServerHeader::Remove
        }
    }
}

fn via(site: &mut Site<'_>, raw: &raw::Via) -> ViaHeader {
    match raw.action {
        raw::ViaAction::Append => {
            ViaHeader::Append(raw.name.as_ref().and_then(|name| site.parse(name)).unwrap_or_default())
        }
        raw::ViaAction::Pass => {
            no_name(site, raw.name.as_ref(), "append");
            ViaHeader::Pass
        }
        raw::ViaAction::Remove => {
            no_name(site, raw.name.as_ref(), "append");
            ViaHeader::Remove
        }
    }
}

fn no_name(site: &mut Site<'_>, name: Option<&raw::Text>, action: &str) {
    if let Some(name) = name {
        let error = ValueError::new(Code::Pointless, "this name is never written".to_owned());
        site.report(name.mark, error.help(format!("a name belongs to `action: {action}`")));
    }
}
