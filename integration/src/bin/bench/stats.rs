//! Medians and quartiles.

use std::time::Duration;

#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Spread {
    pub(crate) low: f64,
    pub(crate) median: f64,
    pub(crate) high: f64,
}

/// Quartiles by linear interpolation; `None` of nothing.
pub(crate) fn spread(values: impl IntoIterator<Item = f64>) -> Option<Spread> {
    let mut sorted: Vec<f64> = values.into_iter().collect();
    sorted.sort_by(f64::total_cmp);
    let at = |share: f64| {
        let place = share * (sorted.len().checked_sub(1)?) as f64;
        let (below, above) = (
            *sorted.get(place.floor() as usize)?,
            *sorted.get(place.ceil() as usize)?,
        );
        Some(below + (above - below) * place.fract())
    };
    Some(Spread {
        low: at(0.25)?,
        median: at(0.5)?,
        high: at(0.75)?,
    })
}

pub(crate) fn median(values: impl IntoIterator<Item = f64>) -> Option<f64> {
    spread(values).map(|spread| spread.median)
}

/// The smallest value that so large a share does not exceed (nearest rank); sorts.
pub(crate) fn percentile(values: &mut [u64], share: f64) -> Duration {
    values.sort_unstable();
    let rank = (share * values.len() as f64).ceil() as usize;
    Duration::from_nanos(values.get(rank.saturating_sub(1)).copied().unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Spread, percentile, spread};

    #[test]
    fn quartiles_interpolate() {
        assert_eq!(
            spread([4.0, 1.0, 3.0, 2.0, 5.0]),
            Some(Spread {
                low: 2.0,
                median: 3.0,
                high: 4.0
            })
        );
        assert_eq!(
            spread([1.0, 2.0]),
            Some(Spread {
                low: 1.25,
                median: 1.5,
                high: 1.75
            })
        );
        assert_eq!(spread([]), None);
    }

    #[test]
    fn percentiles_are_values_that_occurred() {
        let mut values: Vec<u64> = (1..=1000).rev().collect();
        assert_eq!(percentile(&mut values, 0.999), Duration::from_nanos(999));
        assert_eq!(percentile(&mut values, 0.5), Duration::from_nanos(500));
    }
}
