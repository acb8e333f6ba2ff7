//! An explanation as people read it.

use std::fmt::Write as _;

use crate::explain::{Backend, Explanation, FilterUse, Level, Loser, Outcome, Winner};

/// How many rules that lost are named unless all are asked for.
const LOSERS: usize = 10;

pub(super) fn render(explanation: &Explanation, all: bool) -> String {
    let mut page = Page::default();
    let (request, listener) = (&explanation.request, &explanation.listener);
    let query = request
        .query
        .as_ref()
        .map(|query| format!("?{query}"))
        .unwrap_or_default();
    page.line(format_args!(
        "{} {} of host {}",
        request.method,
        request.path.clone() + &query,
        request.host
    ));
    page.item(
        "listener",
        format_args!("{} on {} ({})", listener.name, listener.address, listener.place),
    );
    match &explanation.outcome {
        Outcome::Answered { status, reason } => {
            page.item(
                "answer",
                format_args!("{status}, {reason}: Tidegate gives it itself, no rule serves the request"),
            );
        }
        Outcome::Routed(winner) => page.winner(winner),
    }
    let is_served = matches!(explanation.outcome, Outcome::Routed(_));
    page.losers(&explanation.losers, if is_served { "other " } else { "" }, all);
    page.0
}

#[derive(Default)]
struct Page(String);

impl Page {
    fn line(&mut self, text: std::fmt::Arguments<'_>) {
        // A String takes everything.
        let _ = writeln!(self.0, "{text}");
    }

    fn item(&mut self, key: &str, text: std::fmt::Arguments<'_>) {
        self.line(format_args!("  {key:<9} {text}"));
    }

    fn winner(&mut self, winner: &Winner) {
        self.item(
            "rule",
            format_args!("{} of route {} ({})", winner.rule, winner.route, winner.place),
        );
        self.item(
            "because",
            format_args!("{} ({})", winner.matched.says, winner.matched.place),
        );
        for (filter, number) in winner.filters.iter().zip(1..) {
            let key = if number == 1 { "filters" } else { "" };
            self.item(key, format_args!("{number}. {}", filter_text(filter)));
        }
        for (index, backend) in winner.backends.iter().enumerate() {
            self.backend(if index == 0 { "backends" } else { "" }, backend);
        }
        if winner.backends.is_empty() {
            self.item("backends", format_args!("none: a filter answers"));
        } else if winner.backends.iter().all(|backend| backend.weight == 0) {
            self.item(
                "",
                format_args!("every weight is 0: no backend gets anything, the answer is 500"),
            );
        }
        let limit = |limit: &Option<String>| limit.clone().unwrap_or_else(|| "no limit".to_owned());
        let (request, each) = (limit(&winner.timeouts.request), limit(&winner.timeouts.backend_request));
        self.item("timeouts", format_args!("request {request}, each try {each}"));
    }

    fn backend(&mut self, key: &str, backend: &Backend) {
        let missing = if backend.exists {
            ""
        } else {
            ": there is no such cluster, this share is answered with 500"
        };
        let share = percent(backend.share);
        self.item(
            key,
            format_args!("{share} {} ({}){missing}", backend.cluster, backend.place),
        );
        for filter in &backend.filters {
            self.item("", format_args!("       with {}", filter_text(filter)));
        }
    }

    fn losers(&mut self, losers: &[Loser], other: &str, all: bool) {
        let shown = if all { losers.len() } else { LOSERS.min(losers.len()) };
        match losers.len() {
            0 => return,
            1 => self.line(format_args!("\n1 {other}rule does not serve it")),
            count => self.line(format_args!("\n{count} {other}rules do not serve it")),
        }
        for loser in losers.iter().take(shown) {
            self.line(format_args!(
                "  rule {} of route {} ({}): {}",
                loser.rule, loser.route, loser.place, loser.why
            ));
        }
        if shown < losers.len() {
            self.line(format_args!("  and {} more, which --all shows", losers.len() - shown));
        }
    }
}

fn filter_text(filter: &FilterUse) -> String {
    let from = match filter.on {
        Level::Backend | Level::Rule => "",
        Level::Route => ", from the route",
        Level::Listener => ", from the listener",
    };
    format!("{} ({}){from}", filter.filter, filter.place)
}

/// Two digits after the point, where there are any.
fn percent(share: f64) -> String {
    let text = format!("{share:.2}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    format!("{text:>5} %")
}
