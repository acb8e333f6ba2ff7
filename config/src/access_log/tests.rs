use super::*;

#[test]
fn patterns_are_taken_apart_and_put_together_again() {
    let pattern: LogPattern = "100%% %{status}: %{target}\t%".replace("\t%", "\t.").parse().unwrap();
    assert_eq!(
        pattern.pieces(),
        [
            ("100% ".to_owned(), LogField::Status),
            (": ".to_owned(), LogField::Target)
        ]
    );
    assert_eq!(pattern.end(), "\t.");
    assert_eq!(pattern.to_string(), "100%% %{status}: %{target}\t.");
}

#[test]
fn what_is_no_pattern_is_explained() {
    for (text, code, says) in [
        ("%{statsu}", Code::UnknownChoice, "did you mean `%{status}`?"),
        ("%{bytesOut}", Code::UnknownChoice, "did you mean `%{bytes_out}`?"),
        ("%{zzzzzzzzzzzz}", Code::UnknownChoice, "`request_id`"),
        ("%status", Code::BadLogPattern, "`%{status}`"),
        ("%{status", Code::BadLogPattern, "`%{status}`"),
        ("%{status} 100%", Code::BadLogPattern, "`%%`"),
        ("status", Code::BadLogPattern, "`%{status}`"),
        ("%{status}\n", Code::BadLogPattern, "line break"),
    ] {
        let error = text.parse::<LogPattern>().unwrap_err();
        assert_eq!(error.code(), code, "{text}");
        let help = error.help_text().unwrap();
        assert!(help.contains(says), "{text}: {help}");
    }
}

#[test]
fn a_target_is_a_word_or_looks_like_a_path() {
    let target = |text: &str| text.parse::<LogTarget>();
    assert_eq!(target("stdout"), Ok(LogTarget::Stdout));
    assert_eq!(target("none"), Ok(LogTarget::None));
    for path in ["access.log", "./stdout", "logs/access", "/dev/null", "../x"] {
        assert_eq!(target(path), Ok(LogTarget::File(path.into())));
    }
    for (text, says) in [
        ("stdot", "did you mean `stdout`?"),
        ("stderr", "`stdout`"),
        ("-", "`none`"),
    ] {
        let error = target(text).unwrap_err();
        assert!(error.help_text().unwrap().contains(says), "{text}");
    }
    for text in ["logs/", ".."] {
        assert_eq!(target(text).unwrap_err().code(), Code::BadFile);
    }
}

#[test]
fn a_command_line_names_a_format_or_writes_a_pattern() {
    for text in ["text", "json", "combined", "%{status} %{ms}"] {
        assert_eq!(text.parse::<LogFormat>().unwrap().to_string(), text);
    }
    let error = "jsno".parse::<LogFormat>().unwrap_err();
    assert!(error.help_text().unwrap().contains("did you mean `json`?"));
}

#[test]
fn fields_have_the_names_that_configuration_reads() {
    for field in LogField::ALL {
        assert_eq!(LogField::named(field.as_str()), Ok(*field));
        let read: LogField = serde_json::from_value(field.as_str().into()).unwrap();
        assert_eq!(read, *field);
    }
}
