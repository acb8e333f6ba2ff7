//! Each row of the table of what may be wrong, and what a reload leaves alone.

mod folder;

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::sync::Arc;

use self::folder::Folder;
use super::*;
use crate::id::Kind;

const WEB: &str = "listeners:\n  web: { address: 127.0.0.1:8080 }\n";
const UP: &str = "clusters:\n  up: { endpoints: [{ address: 127.0.0.1:9000 }] }\n";
const OTHER_UP: &str = "clusters:\n  up: { endpoints: [{ address: 127.0.0.1:9001 }] }\n";
const BAD_UP: &str = "clusters:\n  up: { endpoints: [{ address: nowhere }] }\n";
const ALL: &str = "routes:\n  all: { listeners: [web], rules: [{ backends: [{ cluster: up }] }] }\n";

fn id(kind: Kind, name: &str) -> ObjectId {
    ObjectId::parse_reference(kind, &crate::Namespace::default(), name).unwrap()
}

fn up() -> ObjectId {
    id(Kind::Cluster, "up")
}

/// The port of the endpoint that `up` serves with.
fn port(reload: &Reload) -> Option<u16> {
    let cluster = reload.snapshot.cluster(&up())?;
    Some(cluster.endpoints()[0].address().socket_addr().port())
}

fn codes(reload: &Reload) -> Vec<Code> {
    reload.diagnostics.iter().map(Diagnostic::code).collect()
}

/// Why `up` is quarantined.
fn reason(reload: &Reload) -> Option<Code> {
    reload.objects.get(&up())?.quarantine().map(Diagnostic::code)
}

#[test]
fn an_object_that_is_bad_by_itself_serves_as_it_last_was() {
    let folder = Folder::with(&[("up.yaml", UP), ("rest.yaml", &format!("{WEB}{ALL}"))]);
    let mut store = folder.store();
    let first = store.reload().unwrap();
    assert_eq!(codes(&first), []);
    folder.write("up.yaml", BAD_UP);
    let bad = store.reload().unwrap();
    assert_eq!((codes(&bad), port(&bad)), (vec![Code::BadAddress], Some(9000)));
    assert_eq!(reason(&bad), Some(Code::BadAddress));
    assert_eq!(bad.report.quarantined, [up()]);
    assert!(!bad.report.has_effect() && bad.report.unchanged == 3);
    assert_ne!(bad.report.desired, first.report.desired);
    assert_eq!(bad.report.effective, first.report.effective);
    let status = &bad.objects[&up()];
    assert_ne!(Some(status.hash()), status.served_hash());
    folder.write("up.yaml", OTHER_UP);
    let good = store.reload().unwrap();
    assert_eq!((codes(&good), port(&good), reason(&good)), (vec![], Some(9001), None));
    assert_eq!(good.report.changed, [up()]);
}

#[test]
fn an_object_that_was_never_good_is_absent_and_what_points_at_it_says_so() {
    let folder = Folder::with(&[("all.yaml", &format!("{WEB}{BAD_UP}{ALL}"))]);
    let loaded = folder.store().reload().unwrap();
    assert_eq!(codes(&loaded), [Code::BadAddress, Code::BrokenReference]);
    assert_eq!((port(&loaded), reason(&loaded)), (None, Some(Code::BadAddress)));
    let route = loaded.snapshot.routes().next().unwrap();
    assert_eq!(route.rules()[0].backends()[0].cluster().id(), None);
    assert_eq!(loaded.report.added.len(), 2);
}

#[test]
fn a_missing_reference_is_invalid_until_the_object_comes() {
    let folder = Folder::with(&[("rest.yaml", &format!("{WEB}{ALL}"))]);
    let mut store = folder.store();
    let loaded = store.reload().unwrap();
    assert_eq!(codes(&loaded), [Code::UnknownReference]);
    assert!(loaded.report.quarantined.is_empty());
    folder.write("up.yaml", UP);
    let whole = store.reload().unwrap();
    assert_eq!(codes(&whole), []);
    assert_eq!(
        (whole.report.added.clone(), whole.report.changed.clone()),
        (vec![up()], vec![id(Kind::Route, "all")])
    );
    folder.remove("up.yaml");
    let gone = store.reload().unwrap();
    assert_eq!(codes(&gone), [Code::UnknownReference]);
    assert_eq!((gone.report.removed.clone(), gone.report.unchanged), (vec![up()], 1));
    assert_eq!(gone.report.desired, loaded.report.desired);
    assert_eq!(gone.diagnostics[0].label().excerpt(), ALL.lines().nth(1));
}

#[test]
fn a_file_that_cannot_be_read_as_a_whole_keeps_what_it_held() {
    let broken: [(&[u8], Code); 6] = [
        (b"clusters: {", Code::YamlSyntax),
        (b"clusters:\n  up: \xFF\n", Code::NotUtf8),
        (b"cluster:\n  up: {}\n", Code::UnknownKey),
        (b"- up\n", Code::WrongRoot),
        (b"namespace: A\nclusters: {}\n", Code::BadName),
        (b"clusters: [up]\n", Code::WrongType),
    ];
    for (text, code) in broken {
        let folder = Folder::with(&[("up.yaml", UP), ("rest.yaml", &format!("{WEB}{ALL}"))]);
        let mut store = folder.store();
        let first = store.reload().unwrap();
        folder.write("up.yaml", text);
        let kept = store.reload().unwrap();
        assert_eq!((codes(&kept), port(&kept)), (vec![code], Some(9000)));
        assert_eq!(
            (reason(&kept), kept.report.quarantined.clone()),
            (Some(code), vec![up()])
        );
        assert_eq!(kept.report.effective, first.report.effective);
        assert_ne!(kept.report.desired, first.report.desired);
        // Whoever defines it elsewhere is heard.
        folder.write("new.yaml", OTHER_UP);
        let moved = store.reload().unwrap();
        assert_eq!((port(&moved), reason(&moved)), (Some(9001), None));
        folder.remove("new.yaml");
        assert_eq!(port(&store.reload().unwrap()), None);
    }
}

#[test]
fn what_is_good_in_a_partly_broken_file_serves_beside_what_it_held() {
    let folder = Folder::with(&[("all.yaml", &format!("{WEB}{UP}{ALL}"))]);
    let mut store = folder.store();
    store.reload().unwrap();
    let renamed = ALL.replace("routes", "route");
    folder.write("all.yaml", format!("{WEB}{OTHER_UP}{renamed}"));
    let partly = store.reload().unwrap();
    assert_eq!((codes(&partly), port(&partly)), (vec![Code::UnknownKey], Some(9001)));
    assert_eq!(partly.report.quarantined, [id(Kind::Route, "all")]);
    assert_eq!(partly.snapshot.routes().len(), 1);
}

#[test]
fn a_broken_file_that_is_removed_takes_what_it_held_along() {
    let folder = Folder::with(&[("up.yaml", UP), ("rest.yaml", WEB)]);
    let mut store = folder.store();
    store.reload().unwrap();
    folder.write("up.yaml", "clusters: {");
    assert_eq!(port(&store.reload().unwrap()), Some(9000));
    folder.remove("up.yaml");
    let gone = store.reload().unwrap();
    assert_eq!((port(&gone), codes(&gone)), (None, vec![]));
    assert_eq!(gone.report.removed, [up()]);
}

#[test]
fn a_name_that_stands_twice_sets_both_aside() {
    let folder = Folder::with(&[("one.yaml", UP), ("rest.yaml", WEB)]);
    let mut store = folder.store();
    store.reload().unwrap();
    folder.write("two.yaml", OTHER_UP);
    let twice = store.reload().unwrap();
    assert_eq!((codes(&twice), port(&twice)), (vec![Code::NamedTwice], Some(9000)));
    assert_eq!(reason(&twice), Some(Code::NamedTwice));
    let shown = twice.diagnostics[0].to_string();
    assert!(
        shown.contains("one.yaml:2:3") && shown.contains("two.yaml:2:3"),
        "{shown}"
    );
    assert_eq!(twice.diagnostics[0].related_labels()[0].excerpt(), UP.lines().nth(1));
    let afresh = folder.store().reload().unwrap();
    assert_eq!((port(&afresh), reason(&afresh)), (None, Some(Code::NamedTwice)));
    assert_eq!(afresh.report.desired, twice.report.desired);
    assert_ne!(afresh.report.effective, twice.report.effective);
    folder.remove("one.yaml");
    assert_eq!(port(&store.reload().unwrap()), Some(9001));
}

#[test]
fn an_address_stays_with_the_listener_that_has_it() {
    let listener = |name: &str, port: u16| format!("listeners:\n  {name}: {{ address: 127.0.0.1:{port} }}\n");
    let folder = Folder::with(&[("web.yaml", WEB), ("b.yaml", &listener("b", 8081))]);
    let mut store = folder.store();
    store.reload().unwrap();
    let address = |reload: &Reload, name| {
        let listener = reload.snapshot.listener(&id(Kind::Listener, name));
        listener.map(|listener| listener.address().socket_addr().port())
    };
    folder.write("a.yaml", listener("a", 8080));
    folder.write("b.yaml", listener("b", 8080));
    let met = store.reload().unwrap();
    assert_eq!(codes(&met), [Code::SameAddress, Code::SameAddress]);
    assert_eq!(
        [address(&met, "a"), address(&met, "b"), address(&met, "web")],
        [None, Some(8081), Some(8080)]
    );
    assert_eq!(
        met.objects[&id(Kind::Listener, "a")].quarantine().map(Diagnostic::code),
        Some(Code::SameAddress)
    );
    // Two that change places do not meet.
    folder.remove("a.yaml");
    folder.write("b.yaml", listener("b", 8080));
    folder.write("web.yaml", listener("web", 8081));
    let swapped = store.reload().unwrap();
    assert_eq!(
        (codes(&swapped), address(&swapped, "b"), address(&swapped, "web")),
        (vec![], Some(8080), Some(8081))
    );
}

#[test]
fn what_the_machine_refuses_is_set_aside_until_the_next_look() {
    let folder = Folder::with(&[("all.yaml", &format!("{WEB}{ALL}")), ("up.yaml", UP)]);
    let mut store = folder.store();
    let first = store.reload().unwrap();
    folder.write("up.yaml", OTHER_UP);
    assert_eq!(port(&store.reload().unwrap()), Some(9001));
    let refused = store.refuse([(up(), "no".to_owned())]);
    assert_eq!(
        (codes(&refused), reason(&refused)),
        (vec![Code::Refused], Some(Code::Refused))
    );
    assert_eq!((port(&refused), refused.report.has_effect()), (Some(9000), false));
    assert!(Arc::ptr_eq(
        first.snapshot.cluster(&up()).unwrap(),
        refused.snapshot.cluster(&up()).unwrap()
    ));
    let again = store.reload().unwrap();
    assert_eq!(
        (codes(&again), port(&again), again.report.changed.clone()),
        (vec![], Some(9001), vec![up()])
    );
    // One that never served is absent.
    let mut afresh = folder.store();
    afresh.reload().unwrap();
    assert_eq!(port(&afresh.refuse([(up(), "no".to_owned())])), None);
}

#[test]
fn files_that_did_not_change_are_not_read_and_objects_keep_their_arc() {
    let folder = Folder::with(&[
        ("all.yaml", &format!("{WEB}{UP}{ALL}")),
        ("more.yaml", "clusters: {}\n"),
    ]);
    folder.settle();
    let mut store = folder.store();
    let first = store.reload().unwrap();
    assert_eq!(first.report.files_read, 2);
    let idle = store.reload().unwrap();
    assert_eq!((idle.report.files_read, idle.report.unchanged), (0, 3));
    assert!(Arc::ptr_eq(&first.snapshot, &idle.snapshot));
    // Written anew with the same words elsewhere: read, and found to mean the same.
    folder.write("all.yaml", format!("# moved\n\n{ALL}{UP}{WEB}"));
    let moved = store.reload().unwrap();
    assert_eq!(moved.report.files_read, 1);
    assert!(!moved.report.has_effect());
    assert_eq!(
        (moved.report.desired, moved.report.effective),
        (first.report.desired, first.report.effective)
    );
    assert!(Arc::ptr_eq(
        first.snapshot.cluster(&up()).unwrap(),
        moved.snapshot.cluster(&up()).unwrap()
    ));
    assert_eq!(moved.objects[&up()].origin().line(), 6);
    folder.write("all.yaml", format!("{WEB}{OTHER_UP}{ALL}"));
    let changed = store.reload().unwrap();
    assert_eq!(
        (changed.report.changed.clone(), changed.report.unchanged),
        (vec![up()], 2)
    );
    let route = |reload: &Reload| Arc::clone(reload.snapshot.routes().next().unwrap());
    assert!(Arc::ptr_eq(&route(&first), &route(&changed)));
}

/// What moves with its file keeps its meaning, not its lines.
#[test]
fn what_is_wrong_with_an_object_that_moved_is_shown_where_it_stands_now() {
    let dangling = |reload: &Reload| {
        let found = reload.diagnostics.iter();
        let lines = found.map(|found| (found.code(), found.line(), found.label().excerpt().map(str::to_owned)));
        lines.collect::<Vec<_>>()
    };
    let route = ALL.lines().nth(1).map(str::to_owned);
    let gone = "clusters:\n  gone: { endpoints: [{ address: 127.0.0.1:9000 }] }\n";
    let folder = Folder::with(&[("all.yaml", &format!("{WEB}{gone}{ALL}"))]);
    let mut store = folder.store();
    let first = store.reload().unwrap();
    assert_eq!(dangling(&first), [(Code::UnknownReference, 6, route.clone())]);
    folder.write("all.yaml", format!("{WEB}{ALL}"));
    let moved = store.reload().unwrap();
    assert_eq!(dangling(&moved), [(Code::UnknownReference, 4, route.clone())]);
    assert!(Arc::ptr_eq(
        first.snapshot.route(&id(Kind::Route, "all")).unwrap(),
        moved.snapshot.route(&id(Kind::Route, "all")).unwrap()
    ));
    // Set aside, with a label that points at another object.
    folder.write("b.yaml", WEB.replace("web", "b"));
    folder.write("all.yaml", format!("# one more line\n{WEB}{ALL}"));
    let met = store.reload().unwrap();
    let twice = met.diagnostics.iter().find(|found| found.code() == Code::SameAddress);
    assert!(twice.unwrap().to_string().contains("all.yaml:3:3"), "{twice:?}");
}

#[test]
fn a_listener_that_moves_to_another_folder_logs_there() {
    let web = |log: &str| format!("listeners:\n  web: {{ address: 127.0.0.1:8080, accessLog: {{ to: {log} }} }}\n");
    for (log, is_relative) in [("./access.log", true), ("/var/log/access.log", false)] {
        let folder = Folder::with(&[("one/web.yaml", &web(log))]);
        let mut store = folder.store();
        let first = store.reload().unwrap();
        assert_eq!(codes(&first), []);
        folder.remove("one/web.yaml");
        folder.write("two/web.yaml", web(log));
        let moved = store.reload().unwrap();
        let to = |reload: &Reload| {
            reload
                .snapshot
                .listeners()
                .next()
                .unwrap()
                .access_log()
                .unwrap()
                .to
                .clone()
        };
        assert_eq!(to(&first) != to(&moved), is_relative);
        assert_eq!(moved.report.has_effect(), is_relative);
        assert_eq!(first.report.desired != moved.report.desired, is_relative);
        assert_eq!(first.report.effective != moved.report.effective, is_relative);
    }
}

#[test]
fn desired_depends_on_what_is_said_alone() {
    let apart = Folder::with(&[("b.yaml", WEB), ("a/c.yaml", UP), ("d.yml", ALL)]);
    let together = Folder::with(&[("all.yaml", &format!("# all\n{ALL}{WEB}{UP}"))]);
    let (apart, together) = (apart.store().reload().unwrap(), together.store().reload().unwrap());
    assert_eq!(apart.report.desired, together.report.desired);
    assert_eq!(apart.report.effective, together.report.effective);
    let less = Folder::with(&[("all.yaml", &format!("{ALL}{WEB}"))])
        .store()
        .reload()
        .unwrap();
    assert_ne!(less.report.desired, together.report.desired);
}

#[test]
fn a_file_that_an_object_names_is_part_of_it() {
    let route = "routes:\n  all:\n    listeners: [web]\n    rules:\n      - filters: [{ directResponse: { status: 200, file: body.txt } }]\n";
    let folder = Folder::with(&[("all.yaml", &format!("{WEB}{route}")), ("body.txt", "one")]);
    folder.settle();
    let mut store = folder.store();
    let first = store.reload().unwrap();
    assert_eq!(codes(&first), []);
    folder.write("body.txt", "two");
    let second = store.reload().unwrap();
    assert_eq!(second.report.changed, [id(Kind::Route, "all")]);
    assert_ne!(second.report.desired, first.report.desired);
    folder.remove("body.txt");
    let gone = store.reload().unwrap();
    assert!(codes(&gone).contains(&Code::BadFile), "{:?}", gone.diagnostics);
    assert_eq!(gone.report.effective, second.report.effective);
    folder.write("body.txt", "two");
    assert_eq!(codes(&store.reload().unwrap()), []);
}

#[test]
fn what_is_unreadable_keeps_what_it_held_and_a_missing_root_changes_nothing() {
    let folder = Folder::with(&[("all.yaml", &format!("{WEB}{ALL}")), ("sub/up.yaml", UP)]);
    let mut store = folder.store();
    store.reload().unwrap();
    // A link that leads nowhere is a file that cannot be read.
    folder.remove("sub/up.yaml");
    symlink("nowhere", folder.path("sub/up.yaml")).unwrap();
    let dangling = store.reload().unwrap();
    assert_eq!(
        (codes(&dangling), port(&dangling)),
        (vec![Code::UnreadableFile], Some(9000))
    );
    fs::rename(folder.path(""), folder.path("../gone")).unwrap();
    let error = store.reload().unwrap_err();
    fs::rename(folder.path("../gone"), folder.path("")).unwrap();
    assert_eq!(error.path(), folder.path(""));
    assert_eq!(store.reload().unwrap().report.unchanged, 3);
}

#[test]
fn a_config_map_is_watched_where_its_link_changes() {
    let folder = Folder::with(&[("..one/all.yaml", WEB), ("..two/all.yaml", UP)]);
    symlink("..one", folder.path("..data")).unwrap();
    symlink("..data/all.yaml", folder.path("all.yaml")).unwrap();
    let mut store = folder.store();
    assert_eq!(store.reload().unwrap().snapshot.listeners().len(), 1);
    assert!(store.directories().contains(&folder.path("")));
    symlink("..two", folder.path("..new")).unwrap();
    fs::rename(folder.path("..new"), folder.path("..data")).unwrap();
    let swapped = store.reload().unwrap();
    assert_eq!((swapped.snapshot.listeners().len(), port(&swapped)), (0, Some(9000)));
    // The same by a path through the link.
    let through = Store::new(folder.path("..data/all.yaml"));
    assert!(
        through.directories().contains(Path::new(&folder.path(""))),
        "{:?}",
        through.directories()
    );
}
