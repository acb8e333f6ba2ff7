//! `docs/reasons.md`, from the tables of what can fail.

use std::collections::BTreeSet;

use tidegate_filters::Reason as FilterReason;

use super::{Page, code, prose};
use crate::exchange::{Flag, KINDS, Kind, Side};
use crate::http1::{Peer, Reason, Reject};

const INTRODUCTION: &str = "\
Why a request or connection failed, by the reason that everything names alike:

- an answer of Tidegate's own: `x-tidegate-reason`, and `x-tidegate-object` for the object of the configuration that it is \
due to;
- the access log: `reason`, `flag`, `object`. What ends a whole HTTP/2 connection has a line, too, as has a head that \
cannot be read;
- metrics: `tidegate_refusals_total{flag,reason,object}`.

Connections over a limit are in the metrics alone: closed before a byte is read, they must cost nothing. The status is that \
of the answer, if none was begun: what fails in the middle of one ends it visibly, without a last chunk or END_STREAM. `-`: \
nobody is answered, for nobody would read it. A reason keeps its name for ever. A test provokes each of them.";

const MESSAGES: &str = "\
Two readers could take such a message for two different ones, or it is over a limit. It is refused, never mended, and its \
connection closed: its sender is to be mended, or a limit raised that is named here. Nothing of it went upstream, except for \
what breaks a rule in its body or trailers: there the upstream sees an abort.";

const RESPONSES: &str = "\
The same of upstreams. Their limits are those of the `edge` profile, and no setting.";

const ANSWERS: &str = "\
Answers that a rule wants are no failures: they have no flag, and are counted in `tidegate_filter_answers_total`.";

#[test]
fn reasons() {
    let mut page = Page::new("Reasons", INTRODUCTION);
    page.section("Response flags", "Envoy's letters, where it has them.");
    page.table(
        ["flag", "means"],
        Flag::ALL.iter().map(|(flag, meaning)| [code(flag.0), prose(meaning)]),
    );
    let by_side = [
        ("Clients", Side::Downstream),
        ("Upstreams", Side::Upstream),
        ("Tidegate and its configuration", Side::Us),
    ];
    for (title, side) in by_side {
        page.section(title, "");
        page.table(
            ["reason", "flag", "status", "due to", "means", "what to do"],
            KINDS
                .iter()
                .filter(|(kind, ..)| kind.side() == side)
                .map(|(kind, meaning, advice)| {
                    let [reason, flag, status, due] = facts(*kind);
                    [reason, flag, status, due, prose(meaning), prose(advice)]
                }),
        );
    }
    page.section("Rules of messages: requests", MESSAGES);
    messages(&mut page, Peer::Downstream);
    page.section("Rules of messages: responses", RESPONSES);
    messages(&mut page, Peer::Upstream);
    page.section("Answers of filters", ANSWERS);
    page.table(
        ["reason", "due to", "means"],
        [
            (FilterReason::Redirect, "A `redirect` answered."),
            (FilterReason::DirectResponse, "A `directResponse` answered."),
        ]
        .map(|(reason, meaning)| {
            [
                code(reason.as_str()),
                "route or listener".to_owned(),
                meaning.to_owned(),
            ]
        }),
    );
    page.is_in("reasons.md");
}

fn facts(kind: Kind) -> [String; 4] {
    let status = kind
        .status()
        .map_or_else(|| "-".to_owned(), |status| status.as_u16().to_string());
    [code(kind.reason()), code(kind.flag().0), status, kind.due().to_owned()]
}

fn messages(page: &mut Page, peer: Peer) {
    let rows = Reason::ALL
        .iter()
        .filter(|reason| reason.peers().contains(&peer))
        .filter_map(|&reason| {
            let kind = Kind::from(Reject { reason, peer });
            let is_named_otherwise = KINDS.iter().any(|(other, ..)| *other == kind);
            let [reason_text, flag, status, due] = facts(kind);
            (!is_named_otherwise).then(|| [reason_text, flag, status, due, prose(reason.meaning())])
        });
    page.table(["reason", "flag", "status", "due to", "means"], rows);
}

#[test]
fn every_flag_is_used_and_no_reason_means_two_things() {
    let messages = Reason::ALL.iter().flat_map(|reason| {
        let rejects = reason.peers().iter().map(|peer| Reject {
            reason: *reason,
            peer: *peer,
        });
        rejects.map(Kind::from)
    });
    let of_messages: BTreeSet<_> = messages.map(|kind| (kind.flag().0, kind.reason())).collect();
    let mut seen = BTreeSet::new();
    for (kind, ..) in KINDS {
        assert!(
            seen.insert((kind.flag().0, kind.reason())),
            "{kind:?} has the reason of another"
        );
    }
    let flags: BTreeSet<_> = of_messages.iter().chain(&seen).map(|(flag, _)| *flag).collect();
    let all: BTreeSet<_> = Flag::ALL.iter().map(|(flag, _)| flag.0).collect();
    assert_eq!(flags, all);
    let is_kebab = |text: &str| {
        text.bytes()
            .all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.'))
    };
    for (_, reason) in of_messages.iter().chain(&seen) {
        assert!(is_kebab(reason), "{reason}");
    }
}
