//! `/explain`: what `tidegate explain` says, of the configuration that serves.

use super::answer::Answer;
use super::query::{BadQuery, Query};
use crate::explain::{Curl, explain};
use crate::live::Tables;

const HOW: &str = "the request as `tidegate explain` takes it, as in \
                   /explain?request=-X+POST+http://shop.example/cart or request=curl+...";

pub(super) fn answer(tables: &Tables, query: &Query) -> Result<Answer, Answer> {
    query.only(&["request", "listener"])?;
    let listener = query.value("listener")?.filter(|name| !name.is_empty());
    let text = query.value("request")?.filter(|text| !text.trim().is_empty());
    let text = text.ok_or(BadQuery::Missing("request", HOW))?;
    let request = Curl::parse(text).map_err(|error| Answer::bad(&error))?;
    let explanation = explain(tables, listener, &request).map_err(|error| Answer::bad(&error))?;
    Ok(Answer::json(&explanation))
}
