//! Says several measurements of one thing in a few words.
//!
//! The invariant: one measurement is never dressed up as a median.

/// The median, and the least and the greatest where there are several values.
pub(super) fn spread(values: impl Iterator<Item = f64>, decimals: usize) -> String {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    let (Some(least), Some(greatest)) = (values.first(), values.last()) else {
        return "none".to_owned();
    };
    let middle = median(&values);
    if values.len() == 1 {
        return format!("{middle:.decimals$}");
    }
    format!("{middle:.decimals$} ({least:.decimals$} to {greatest:.decimals$})")
}

/// The middle of sorted values, or the mean of the two in the middle.
fn median(sorted: &[f64]) -> f64 {
    let half = sorted.len() / 2;
    if sorted.len().is_multiple_of(2) {
        f64::midpoint(sorted[half - 1], sorted[half])
    } else {
        sorted[half]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians_come_with_least_and_greatest() {
        assert_eq!(spread([3.0, 1.0, 2.0].into_iter(), 0), "2 (1 to 3)");
        assert_eq!(
            spread([4.0, 1.0, 2.0, 3.0].into_iter(), 1),
            "2.5 (1.0 to 4.0)"
        );
        assert_eq!(spread([1.25].into_iter(), 2), "1.25");
        assert_eq!(spread(std::iter::empty(), 2), "none");
    }
}
