//! `tidegate diff OLD NEW`: what changes, as meaning.

use std::fmt;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use serde::Serialize;
use tidegate_config::{Change, Difference, LoadError, Loaded, ObjectChange, Share, Snapshot, diff};

use super::output::Format;

/// Show what changes from one configuration to another, as meaning
///
/// Objects that come, go and change; of those that change which settings, hosts and rules, and which share of the
/// requests goes where. What has errors is left out, as `tidegate run` leaves it out. Exits with 0.
#[derive(Args, Debug)]
pub(super) struct DiffArgs {
    /// A YAML file, or a directory of them
    old: PathBuf,
    /// The same, after the change
    new: PathBuf,
    /// For people, or one line of JSON
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

type Failure = Box<dyn std::error::Error>;

pub(super) fn run(args: &DiffArgs) -> Result<ExitCode, Failure> {
    let (old, new) = (snapshot(&args.old)?, snapshot(&args.new)?);
    let changes = diff(&old, &new);
    let mut out = io::stdout().lock();
    match args.format {
        Format::Human if changes.is_empty() => writeln!(out, "nothing changes")?,
        Format::Human => changes.iter().try_for_each(|change| write!(out, "{}", Human(change)))?,
        Format::Json => {
            let changes: Vec<_> = changes.iter().map(Json::of).collect();
            writeln!(out, "{}", serde_json::to_string(&Changes { changes })?)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn snapshot(path: &Path) -> Result<Snapshot, LoadError> {
    let loaded: Loaded = tidegate_config::load(path)?;
    if loaded.has_errors() {
        eprintln!("warning: {} has errors, see `tidegate check`", path.display());
    }
    Ok(loaded.snapshot)
}

struct Human<'a>(&'a ObjectChange);

impl fmt::Display for Human<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ObjectChange { id, change } = self.0;
        match change {
            Change::Added => writeln!(f, "+ {id}"),
            Change::Removed => writeln!(f, "- {id}"),
            Change::Changed(differences) => {
                writeln!(f, "~ {id}")?;
                differences.iter().try_for_each(|one| line(f, one))
            }
        }
    }
}

fn line(f: &mut fmt::Formatter<'_>, difference: &Difference) -> fmt::Result {
    match difference {
        Difference::Setting {
            rule,
            setting,
            item,
            old,
            new,
        } => {
            let rule = rule.as_ref().map_or_else(String::new, |rule| format!("rule {rule}: "));
            let item = item.as_ref().map_or_else(String::new, |item| format!(" {item}"));
            match (old.as_deref(), new.as_deref()) {
                (None, Some("")) => writeln!(f, "    + {rule}{setting}{item}"),
                (Some(""), None) => writeln!(f, "    - {rule}{setting}{item}"),
                (None, Some(new)) => writeln!(f, "    + {rule}{setting}{item}: {new}"),
                (Some(old), None) => writeln!(f, "    - {rule}{setting}{item}: {old}"),
                (old, new) => {
                    let (old, new) = (old.unwrap_or_default(), new.unwrap_or_default());
                    writeln!(f, "    ~ {rule}{setting}{item}: {old} -> {new}")
                }
            }
        }
        Difference::Share {
            rule,
            cluster,
            old,
            new,
        } => {
            let share = |share: &Option<Share>| share.map_or_else(|| "nothing".to_owned(), |share| share.to_string());
            writeln!(f, "    ~ rule {rule}: {cluster} gets {} -> {}", share(old), share(new))
        }
        Difference::Rule { rule, is_new, matches } => {
            let sign = if *is_new { '+' } else { '-' };
            writeln!(f, "    {sign} rule {rule}: {matches}")
        }
    }
}

#[derive(Serialize)]
struct Changes<'a> {
    changes: Vec<Json<'a>>,
}

#[derive(Serialize)]
struct Json<'a> {
    object: String,
    change: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    differences: Vec<JsonDifference<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase", tag = "kind")]
enum JsonDifference<'a> {
    Setting {
        rule: Option<&'a str>,
        setting: &'a str,
        item: Option<&'a str>,
        old: Option<&'a str>,
        new: Option<&'a str>,
    },
    Share {
        rule: &'a str,
        cluster: String,
        old_percent: Option<f64>,
        new_percent: Option<f64>,
        /// Whether there is such a cluster; where not, its share is answered with 500.
        old_valid: Option<bool>,
        new_valid: Option<bool>,
    },
    RuleAdded {
        rule: &'a str,
        matches: &'a str,
    },
    RuleRemoved {
        rule: &'a str,
        matches: &'a str,
    },
}

impl<'a> Json<'a> {
    fn of(change: &'a ObjectChange) -> Self {
        let (word, differences) = match &change.change {
            Change::Added => ("added", Vec::new()),
            Change::Removed => ("removed", Vec::new()),
            Change::Changed(differences) => ("changed", differences.iter().map(JsonDifference::of).collect()),
        };
        Self {
            object: change.id.to_string(),
            change: word,
            differences,
        }
    }
}

impl<'a> JsonDifference<'a> {
    fn of(difference: &'a Difference) -> Self {
        match difference {
            Difference::Setting {
                rule,
                setting,
                item,
                old,
                new,
            } => Self::Setting {
                rule: rule.as_deref(),
                setting,
                item: item.as_deref(),
                old: old.as_deref(),
                new: new.as_deref(),
            },
            Difference::Share {
                rule,
                cluster,
                old,
                new,
            } => Self::Share {
                rule,
                cluster: cluster.to_string(),
                old_percent: old.map(|share| share.percent),
                new_percent: new.map(|share| share.percent),
                old_valid: old.map(|share| share.is_valid),
                new_valid: new.map(|share| share.is_valid),
            },
            Difference::Rule { rule, is_new, matches } if *is_new => Self::RuleAdded { rule, matches },
            Difference::Rule { rule, matches, .. } => Self::RuleRemoved { rule, matches },
        }
    }
}
