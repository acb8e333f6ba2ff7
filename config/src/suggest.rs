//! The nearest of several names to one that does not exist.

/// Nobody mistypes a longer name by a letter, and comparing costs the product of two lengths.
const MAX_LENGTH: usize = 64;

/// The candidate that is probably meant by `wrong`, if one is near enough to be worth saying.
pub(crate) fn nearest<'a>(wrong: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    if wrong.len() > MAX_LENGTH {
        return None;
    }
    // A third of the letters may differ, and at least one.
    let bound = (wrong.chars().count() / 3).max(1);
    let normal = |text: &str| text.replace(['-', '_'], "").to_lowercase();
    let wanted = normal(wrong);
    candidates
        .into_iter()
        .filter(|candidate| candidate.len() <= MAX_LENGTH)
        .map(|candidate| (strsim::damerau_levenshtein(&wanted, &normal(candidate)), candidate))
        .filter(|&(distance, _)| distance <= bound)
        .min()
        .map(|(_, candidate)| candidate)
}
