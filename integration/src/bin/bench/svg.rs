//! The picture beside the report: for each row, a bar of CPU time a request for each proxy, split into user and system time.

use std::fmt::Write;

use crate::measure::Visit;
use crate::peers::Peer;
use crate::report::micros;
use crate::results::Results;
use crate::rows::{ROWS, Row};

const WIDTH: usize = 860;
const LABELS: usize = 110;
/// The longest bar; what is right of it holds its figure.
const BAR: f64 = 600.0;
const LINE: usize = 20;
const TITLE: usize = 34;

pub(crate) fn picture(results: &Results) -> String {
    let mut body = String::new();
    let mut top = 30;
    for row in &ROWS {
        let _ = group(&mut body, results, row, &mut top);
    }
    let mut out = String::new();
    let _ = write!(
        out,
        "\
<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{height}\" viewBox=\"0 0 {WIDTH} {height}\" \
font-family=\"system-ui, sans-serif\" font-size=\"12\">
<title>CPU time a request with one worker, in microseconds: user (full) and system (light)</title>
<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>
<text x=\"10\" y=\"20\" font-size=\"14\" font-weight=\"bold\">CPU time a request, one worker, us: user (full) and system \
(light); less is better</text>
{body}</svg>
",
        height = top + 10
    );
    out
}

fn group(out: &mut String, results: &Results, row: &Row, top: &mut usize) -> std::fmt::Result {
    let figure = |peer, of: fn(&Visit) -> f64| results.figure(row, 1, peer, of);
    let bars: Vec<(Peer, f64, f64)> = results
        .peers()
        .filter_map(|peer| Some((peer, figure(peer, Visit::user_cost)?, figure(peer, Visit::cost)?)))
        .collect();
    if bars.is_empty() {
        return Ok(());
    }
    let longest = bars.iter().map(|(_, _, cost)| *cost).fold(f64::MIN_POSITIVE, f64::max);
    *top += TITLE;
    writeln!(
        out,
        "<text x=\"10\" y=\"{}\" font-weight=\"bold\">{}</text>",
        *top - 8,
        row.title
    )?;
    for (peer, user, cost) in bars {
        let colour = if peer == Peer::Tidegate { "#0b7285" } else { "#868e96" };
        let (user, length) = (user / longest * BAR, cost / longest * BAR);
        let (middle, end) = (*top + LINE / 2 + 2, LABELS as f64 + length + 6.0);
        writeln!(
            out,
            "<text x=\"{}\" y=\"{middle}\" text-anchor=\"end\">{peer}</text>",
            LABELS - 8
        )?;
        for (width, opacity) in [(length, 0.45), (user, 1.0)] {
            writeln!(
                out,
                "<rect x=\"{LABELS}\" y=\"{top}\" width=\"{width:.1}\" height=\"{}\" fill=\"{colour}\" opacity=\"{opacity}\"/>",
                LINE - 5
            )?;
        }
        writeln!(out, "<text x=\"{end:.1}\" y=\"{middle}\">{}</text>", micros(cost))?;
        *top += LINE;
    }
    Ok(())
}
