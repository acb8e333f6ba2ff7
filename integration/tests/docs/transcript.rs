//! The commands of pages print what the pages show.
//!
//! A ```` ```console ```` block holds commands behind `$ ` and what each prints. A command that ends with `&`, a
//! `tidegate run` and an example's `run` go on until the page ends. A ```` ```yaml gateway.yaml ```` block becomes that
//! file, which a running gateway takes at once. What a test shall not run stands in an `sh` block: of a page that has
//! any command but [`MAY_RUN`] in a `console` block, nothing is run at all.

use std::fmt::Write as _;
use std::fs;
use std::process::Command;
use std::thread;
use std::time::Duration;

use super::addresses::ADMIN;
use super::output::fits;
use super::page::{Block, Page, root};
use super::stage::Stage;

/// How commands begin that a page may have run; the shell and its pipes stand behind them.
const MAY_RUN: [&str; 9] = [
    "tidegate ",
    "curl ",
    "python3 examples/",
    "examples/edge-gateway/run",
    "cargo run --quiet -p tidegate-axum-filters ",
    "for ",
    "cp examples/",
    "mv next.yaml ",
    "sed -i 's/",
];

/// How often admin is asked again, and after what time.
const TRIES: u32 = 20;
const PAUSE: Duration = Duration::from_millis(50);

/// A command and what the page shows of its output.
#[derive(Debug, Eq, PartialEq)]
struct Shown {
    command: String,
    output: String,
}

impl Shown {
    /// The command without its `&`, if it goes on.
    fn server(&self) -> Option<&str> {
        let command = self.command.strip_suffix(" &");
        let program = self.command.split(' ').next().unwrap_or_default();
        let runs = (self.command.starts_with("tidegate run ") || program.ends_with("/run")) && self.output.is_empty();
        command.or(runs.then_some(&self.command))
    }
}

fn commands(block: &str) -> Vec<Shown> {
    let mut commands: Vec<Shown> = Vec::new();
    for line in block.lines() {
        if let Some(command) = line.strip_prefix("$ ") {
            let (command, output) = (command.to_owned(), String::new());
            commands.push(Shown { command, output });
            continue;
        }
        let last = commands.last_mut().expect("a block begins with a command");
        if last.command.ends_with('\\') && last.output.is_empty() {
            let _ = write!(last.command, "\n{line}");
        } else {
            let _ = writeln!(last.output, "{line}");
        }
    }
    commands
}

/// The block as it would be if commands printed this.
fn render(commands: &[Shown]) -> String {
    let text = |shown: &Shown| format!("$ {}\n{}", shown.command, shown.output);
    commands.iter().map(text).collect()
}

/// Whether the page shows commands.
fn has_commands(page: &Page) -> bool {
    page.blocks().iter().any(|block| block.info == "console")
}

/// What a page has in its `console` blocks that is not run.
fn refused(page: &Page) -> Vec<String> {
    let mut refused = Vec::new();
    for block in page.blocks().into_iter().filter(|block| block.info == "console") {
        let is_read = block.text.starts_with("$ ");
        let first = Shown {
            command: block.text.to_owned(),
            output: String::new(),
        };
        let commands = if is_read { commands(block.text) } else { vec![first] };
        let may_run = |command: &str| is_read && MAY_RUN.iter().any(|begin| command.starts_with(begin));
        for Shown { command, .. } in commands.iter().filter(|shown| !may_run(&shown.command)) {
            let place = page.place(block.line);
            refused.push(format!(
                "{place}: a test runs no `{command}`: an `sh` or `text` block shows it"
            ));
        }
    }
    refused
}

/// Runs a page. What did not fit is told, and the page as it would be true.
fn run(page: &Page) -> (Vec<String>, String) {
    let refused = refused(page);
    if !refused.is_empty() {
        return (refused, page.text.clone());
    }
    let mut stage = Stage::of(page);
    let (mut faults, mut text) = (Vec::new(), page.text.clone());
    for block in page.blocks() {
        if block.info == "console" {
            let now = run_block(&mut stage, page, block, &mut faults);
            text = text.replacen(block.text, &now, 1);
        } else if let Some(name) = file_of(block) {
            stage.put(name, block.text);
        }
    }
    if !faults.is_empty() {
        faults.push(stage.logs());
    }
    (faults, text)
}

fn run_block(stage: &mut Stage, page: &Page, block: Block<'_>, faults: &mut Vec<String>) -> String {
    let mut commands = commands(block.text);
    for shown in &mut commands {
        if let Some(server) = shown.server() {
            stage.start(server);
            continue;
        }
        let mut printed = stage.run(&shown.command);
        // Admin only reads, and what it counts may come a moment later than the answer that it counts.
        let mut again = if shown.command.contains(ADMIN) { TRIES } else { 0 };
        while again > 0 && !fits(&shown.output, &printed) {
            again -= 1;
            thread::sleep(PAUSE);
            printed = stage.run(&shown.command);
        }
        if !fits(&shown.output, &printed) {
            let place = page.place(block.line);
            let Shown { command, output } = shown;
            faults.push(format!(
                "{place}: $ {command}\n--- shown\n{output}\n--- printed\n{printed}"
            ));
            // Where the page parts them, a blank line follows.
            let is_parted = shown.output == "\n" || shown.output.ends_with("\n\n");
            let end = if is_parted { "\n\n" } else { "\n" };
            shown.output = match printed.replace('\r', "").trim_end() {
                "" => String::new(),
                printed => printed.lines().map(str::trim_end).collect::<Vec<_>>().join("\n") + end,
            };
        }
    }
    render(&commands)
}

/// The file that a block of YAML becomes.
pub(crate) fn file_of(block: Block<'_>) -> Option<&str> {
    let words = block.words("yaml")?;
    words.into_iter().find(|word| word.ends_with(".yaml"))
}

/// Brings the clients and servers that pages call.
fn install() {
    let install = root().join("integration/install.sh");
    let status = Command::new("bash").arg(install).status().unwrap();
    assert!(status.success(), "integration/install.sh: {status}");
}

#[test]
fn every_command_prints_what_its_page_shows() {
    install();
    let only = std::env::var("TIDEGATE_DOCS").unwrap_or_default();
    let mut all = Vec::new();
    for page in Page::all() {
        let is_asked_for = page.path.to_string_lossy().contains(&only);
        if !has_commands(&page) || !is_asked_for {
            continue;
        }
        println!("{}", page.path.display());
        let (faults, now) = run(&page);
        if !faults.is_empty() && std::env::var_os("TIDEGATE_WRITE_DOCS").is_some() {
            fs::write(root().join(&page.path), now).unwrap();
        }
        all.extend(faults);
    }
    assert!(all.is_empty(), "{}", all.join("\n\n"));
}

/// Whoever adds an example says what it shows and how it is asked, and puts it into the list.
#[test]
fn every_example_has_a_page_with_commands() {
    let list = Page::read("examples/README.md");
    let entries = fs::read_dir(root().join("examples")).unwrap();
    let folders = entries
        .map(|entry| entry.unwrap())
        .filter(|entry| entry.file_type().unwrap().is_dir());
    let names: Vec<String> = folders
        .map(|folder| folder.file_name().into_string().unwrap())
        .collect();
    assert!(names.len() > 5, "{names:?}");
    for name in names {
        let page = Page::read(format!("examples/{name}/README.md"));
        assert!(has_commands(&page), "{}: no commands", page.path.display());
        assert!(
            list.text.contains(&format!("]({name}/README.md)")),
            "{name} is not in {}",
            list.path.display()
        );
    }
}

#[test]
fn what_may_do_harm_is_not_run() {
    let text = "```console\n$ curl a\nb\n$ sudo c\n```\n```console\n# d\n```\n```sh\nsudo e\n```\n".to_owned();
    let path = "README.md".into();
    let refused = refused(&Page { path, text });
    assert_eq!(refused.len(), 2, "{refused:?}");
    assert!(refused[0].contains("`sudo c`") && refused[1].contains("README.md:7"));
}

#[test]
fn commands_are_read_with_their_output() {
    let block = "$ a \\\n    b\nc\n\n$ d &\n$ tidegate run x\n$ e\n";
    let read = commands(block);
    let words: Vec<_> = read.iter().map(|shown| (&*shown.command, &*shown.output)).collect();
    assert_eq!(
        words,
        [("a \\\n    b", "c\n\n"), ("d &", ""), ("tidegate run x", ""), ("e", "")]
    );
    assert_eq!(
        read.iter().map(Shown::server).collect::<Vec<_>>(),
        [None, Some("d"), Some("tidegate run x"), None]
    );
    assert_eq!(render(&read), block);
}
