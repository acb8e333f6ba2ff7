//! Each reason of docs/reasons.md, provoked against the real binary and found where the page says: in the answer, the
//! access log and the metrics, with its flag, its status and its object.
//!
//! The page is rendered from the product's own tables, so that a reason without a row here fails, and so does a row whose
//! reason is no more.

mod failures;
mod http2;
mod page;
mod requests;
mod responses;
mod world;

use std::collections::BTreeSet;

use tidegate_integration::harness::message::{Message, values};
use tidegate_integration::harness::{Answer, Proxy, until};

use self::page::Entry;
use self::world::World;

/// One way to provoke a reason.
struct Row {
    flag: &'static str,
    reason: &'static str,
    /// As log and metrics name it.
    object: String,
    provoke: Box<dyn Fn(&World) -> Seen>,
    is_logged: bool,
}

/// What the client saw.
enum Seen {
    /// An answer of Tidegate's own.
    Answer {
        status: u16,
        reason: Vec<String>,
        object: Vec<String>,
    },
    /// None: a close, a reset, or an end in the middle of an answer.
    End,
}

impl Row {
    fn new(flag: &'static str, reason: &'static str, object: &str, provoke: impl Fn(&World) -> Seen + 'static) -> Self {
        Self {
            flag,
            reason,
            object: object.to_owned(),
            provoke: Box::new(provoke),
            is_logged: true,
        }
    }

    fn not_logged(self) -> Self {
        Self {
            is_logged: false,
            ..self
        }
    }

    /// The proxy that it is provoked on.
    fn proxy<'w>(&self, world: &'w World) -> &'w Proxy {
        if self.object == "process" {
            &world.tight
        } else {
            &world.proxy
        }
    }

    fn judge(&self, world: &World, entry: &Entry) {
        let Self { reason, object, .. } = self;
        let proxy = self.proxy(world);
        let kind = object.split(' ').next().unwrap();
        assert!(
            entry.due_to.contains(kind),
            "{reason} is due to a {kind}, not a {}",
            entry.due_to
        );
        let (counted, lines) = (self.counted(proxy), self.lines(proxy));
        match (self.provoke)(world) {
            Seen::Answer {
                status,
                reason: said,
                object: named,
            } => {
                assert_eq!(
                    (&said[..], &named[..]),
                    (&[(*reason).to_owned()][..], &[object.clone()][..]),
                    "{reason}"
                );
                assert!(
                    entry.status.is_none_or(|expected| expected == Some(status)),
                    "{reason}: {status}"
                );
            }
            Seen::End => assert!(entry.status.is_some(), "a {reason} is not answered"),
        }
        until(&format!("{reason} of {object} to be counted once"), || {
            let now = self.counted(proxy);
            assert!(now <= counted + 1.0, "{reason} is counted {now} times, after {counted}");
            (now == counted + 1.0).then_some(())
        });
        if self.is_logged {
            until(&format!("{reason} of {object} to be logged once"), || {
                let now = self.lines(proxy);
                assert!(now <= lines + 1, "{reason} is logged {now} times, after {lines}");
                (now == lines + 1).then_some(())
            });
        }
    }

    fn counted(&self, proxy: &Proxy) -> f64 {
        let Self {
            flag, reason, object, ..
        } = self;
        let sample = match (*flag, object.split_once(' ')) {
            ("-", Some((kind, id))) => {
                assert_eq!(kind, "route");
                format!("tidegate_filter_answers_total{{listener=\"\",route=\"{id}\",reason=\"{reason}\"}}")
            }
            _ => format!("tidegate_refusals_total{{flag=\"{flag}\",reason=\"{reason}\",object=\"{object}\"}}"),
        };
        proxy.metric(&sample).unwrap_or_default()
    }

    fn lines(&self, proxy: &Proxy) -> usize {
        let Self {
            flag, reason, object, ..
        } = self;
        let fields = [
            format!("flag={flag}"),
            format!("reason={reason}"),
            format!("object=\"{object}\""),
        ];
        proxy.access_lines(&fields.each_ref().map(String::as_str)).len()
    }
}

impl From<Message> for Seen {
    fn from(message: Message) -> Self {
        let all = |name| {
            values(&message.head.fields, name)
                .into_iter()
                .map(ToOwned::to_owned)
                .collect()
        };
        Self::Answer {
            status: message.head.status().unwrap(),
            reason: all("x-tidegate-reason"),
            object: all("x-tidegate-object"),
        }
    }
}

impl From<Answer> for Seen {
    fn from(answer: Answer) -> Self {
        let all = |name| answer.all(name).into_iter().map(ToOwned::to_owned).collect();
        Self::Answer {
            status: answer.status,
            reason: all("x-tidegate-reason"),
            object: all("x-tidegate-object"),
        }
    }
}

#[test]
fn each_is_in_the_answer_the_log_and_the_metrics_with_its_object() {
    let responses = responses::rows();
    let world = World::start(&responses);
    let rows: Vec<Row> = requests::rows()
        .into_iter()
        .chain(
            responses
                .into_iter()
                .enumerate()
                .map(|(number, response)| response.row(number)),
        )
        .chain(http2::rows())
        .chain(failures::rows())
        .collect();
    let page = page::read();
    for row in &rows {
        let entry = page.get(&(row.flag.to_owned(), row.reason.to_owned()));
        let entry = entry.unwrap_or_else(|| panic!("docs/reasons.md knows no {} {}", row.flag, row.reason));
        row.judge(&world, entry);
    }
    let provoked: BTreeSet<_> = rows.iter().map(|row| (row.flag, row.reason)).collect();
    let rest: Vec<_> = page
        .iter()
        .filter(|((flag, reason), _)| !provoked.contains(&(flag.as_str(), reason.as_str())))
        .map(|((_, reason), entry)| (reason.as_str(), entry.is_own_fault))
        .collect();
    assert_eq!(rest, [("body-length-mismatch", true)], "reasons that nothing provokes");
}
