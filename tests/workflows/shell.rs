//! The shell in `run`: one command of words, each bare, quoted, or with variables in double quotes. Nothing else is allowed
//! there: logic belongs into the tool, where it is tested.

/// A word, in parts.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// As it is.
    Text(String),
    /// Value of an environment variable.
    Variable(String),
}

/// The words of a command.
pub(super) fn words(command: &str) -> Result<Vec<Vec<Part>>, String> {
    let mut words = Vec::new();
    let mut rest = command.trim();
    if rest.contains('\n') {
        return Err("more than one line".to_owned());
    }
    while !rest.is_empty() {
        let (word, after) = word(rest)?;
        words.push(word);
        rest = after.trim_start();
    }
    Ok(words)
}

fn word(mut rest: &str) -> Result<(Vec<Part>, &str), String> {
    let mut parts = Vec::new();
    while let Some(first) = rest.chars().next().filter(|first| *first != ' ') {
        if let Some(quoted) = rest.strip_prefix('"') {
            let (inner, after) = quoted.split_once('"').ok_or("no closing quote")?;
            parts.extend(quoted_parts(inner)?);
            rest = after;
        } else {
            let end = rest.find([' ', '"']).unwrap_or(rest.len());
            let bare = &rest[..end];
            let plain = |c: char| c.is_ascii_alphanumeric() || "-_=./:,".contains(c);
            if !bare.chars().all(plain) {
                return Err(format!("{bare:?} means something to a shell ({first:?})"));
            }
            parts.push(Part::Text(bare.to_owned()));
            rest = &rest[end..];
        }
    }
    Ok((parts, rest))
}

fn quoted_parts(mut rest: &str) -> Result<Vec<Part>, String> {
    let mut parts = Vec::new();
    while let Some((before, after)) = rest.split_once('$') {
        parts.push(Part::Text(before.to_owned()));
        let end = after.find(|c: char| !c.is_ascii_uppercase() && c != '_').unwrap_or(after.len());
        if end == 0 {
            return Err(format!("{after:?}: no plain variable"));
        }
        parts.push(Part::Variable(after[..end].to_owned()));
        rest = &after[end..];
    }
    if rest.contains(['`', '\\']) {
        return Err(format!("{rest:?} means something to a shell"));
    }
    parts.push(Part::Text(rest.to_owned()));
    Ok(parts)
}

#[test]
fn only_plain_commands_pass() {
    let parsed = words(r#"cargo xtask deploy "$ENVIRONMENT" --commit="$COMMIT" --yes"#).unwrap();
    assert_eq!(parsed.len(), 6);
    assert!(parsed[4].contains(&Part::Variable("COMMIT".to_owned())));
    for logic in [
        "a | b",
        "a && b",
        "a; b",
        "a > b",
        "a $B",
        "a \"$(b)\"",
        "a `b`",
        "a\nb",
        "a *",
        "a \"${B}\"",
        "a 'b'",
        "A=1 b & c",
    ] {
        assert!(words(logic).is_err(), "{logic}");
    }
}
