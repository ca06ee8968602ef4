//! What kind of source a rule has.

/// The kinds, as the message says them that asks for one.
pub(super) const HOW: &str = "the kind is one of these, or several joined by ` + `: text: a guide or reference of the vendor; \
                              data: its models, schemas or lists that programs read; OBS: seen in public, with the place; \
                              INF: inferred or chosen here, which the source says with INF or UNCONFIRMED; own: a decision \
                              of this project";

const KINDS: [&str; 5] = ["text", "data", "OBS", "INF", "own"];
/// How a source begins that is text, and one that is data.
const TEXT: [&str; 9] = ["ECS:", "CFN:", "ALB:", "ECR:", "IAM:", "RDS:", "WAF:", "ghd:", "re:Post"];
const DATA: [&str; 5] = ["bc:", "bw:", "lint:", "ps:", "spec:"];

/// Whether a cell names kinds.
pub(super) fn are_known(cell: &str) -> bool {
    cell.split(" + ").all(|kind| KINDS.contains(&kind))
}

/// What a kind says and its source does not, or the other way round. Text and data have further sources than those with a
/// prefix; what is observed or inferred is always marked in the source.
pub(super) fn check(cell: &str, source: &str) -> Vec<String> {
    if !are_known(cell) {
        return vec![format!("`{cell}` is no kind of source: {HOW}")];
    }
    let has = |kind: &str| cell.split(" + ").any(|one| one == kind);
    let words = || source.split(|letter: char| letter.is_whitespace() || ",;()[]".contains(letter));
    let begins =
        |prefixes: &[&str]| words().any(|word| prefixes.iter().any(|prefix| word.starts_with(prefix)));
    let marked = |marks: &[&str]| words().any(|word| marks.contains(&word.trim_end_matches(':')));
    let observed = marked(&["OBS"]);
    let inferred = marked(&["INF", "UNCONFIRMED"]);
    let mut problems = Vec::new();
    let mut must = |holds: bool, kind: &str, why: &str| {
        if !holds {
            problems.push(format!("kind `{cell}`, but the source {why} ({kind}): {HOW}"));
        }
    };
    must(has("text") || !begins(&TEXT), "text", "names a guide");
    must(has("data") || !begins(&DATA), "data", "names data");
    must(has("OBS") == observed, "OBS", if observed { "has OBS" } else { "has no OBS" });
    must(
        has("INF") == inferred,
        "INF",
        if inferred { "has INF or UNCONFIRMED" } else { "has neither INF nor UNCONFIRMED" },
    );
    problems
}
