//! A link as a picture that a telephone's camera reads.
//!
//! Invariant: what is drawn is the link, and whoever draws it says beside it what it lets one do.

use qrcode::{Color, QrCode, render::unicode::Dense1x2};

/// The picture for a terminal that is so wide; `None` if it does not fit.
#[must_use]
pub fn for_terminal(link: &str, columns: usize) -> Option<String> {
    let code = QrCode::new(link).ok()?;
    // Cameras want dark on light, and terminals are light on dark: so what is light is drawn.
    let picture = code
        .render::<Dense1x2>()
        .dark_color(Dense1x2::Light)
        .light_color(Dense1x2::Dark)
        .build();
    let width = picture.lines().next()?.chars().count();
    (width <= columns).then_some(picture)
}

/// The picture row by row, without a margin: `1` is a dark square, `0` a light one. Empty if the link is too long
/// for one.
pub(crate) fn rows(link: &str) -> Vec<String> {
    let Ok(code) = QrCode::new(link) else {
        return Vec::new();
    };
    let digit = |color: &Color| match color {
        Color::Dark => '1',
        Color::Light => '0',
    };
    code.to_colors()
        .chunks(code.width())
        .map(|row| row.iter().map(digit).collect())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINK: &str = "http://192.168.1.4:5267/#token=00112233445566778899aabbccddeeff";

    #[test]
    fn a_link_is_a_picture_where_there_is_room_for_it() {
        let drawn = for_terminal(LINK, 80).expect("a link of this length fits into 80 columns");
        let lines: Vec<&str> = drawn.lines().collect();
        let width = lines[0].chars().count();
        assert!(lines.iter().all(|line| line.chars().count() == width));
        assert!(lines.len() * 2 >= width, "two rows of squares to a line");
        assert_eq!(for_terminal(LINK, width - 1), None);
    }

    /// What a camera reads in a picture of light and dark squares.
    fn read(is_light: &[Vec<bool>]) -> String {
        const SQUARE: usize = 4;
        let (width, height) = (is_light[0].len() * SQUARE, is_light.len() * SQUARE);
        let grey = |x: usize, y: usize| {
            if is_light[y / SQUARE][x / SQUARE] {
                255
            } else {
                0
            }
        };
        let mut image = rqrr::PreparedImage::prepare_from_greyscale(width, height, grey);
        let grids = image.detect_grids();
        let (_, text) = grids[0].decode().expect("a picture of a link");
        text
    }

    #[test]
    fn a_camera_reads_the_link_in_the_terminal_where_text_is_light() {
        let drawn = for_terminal(LINK, 80).expect("it fits");
        let mut is_light = Vec::new();
        for line in drawn.lines() {
            let halves = line.chars().map(|half| match half {
                '█' => [true, true],
                '▀' => [true, false],
                '▄' => [false, true],
                _ => [false, false],
            });
            let (upper, lower) = halves.map(|[upper, lower]| (upper, lower)).unzip();
            is_light.extend([upper, lower]);
        }
        assert_eq!(read(&is_light), LINK);
    }

    #[test]
    fn a_camera_reads_the_link_in_the_rows_with_a_light_margin() {
        const MARGIN: usize = 4;
        let rows = rows(LINK);
        let side = rows.len() + 2 * MARGIN;
        let mut is_light = vec![vec![true; side]; side];
        for (y, row) in rows.iter().enumerate() {
            for (x, digit) in row.chars().enumerate() {
                is_light[y + MARGIN][x + MARGIN] = digit == '0';
            }
        }
        assert_eq!(read(&is_light), LINK);
    }

    #[test]
    fn the_rows_of_a_picture_are_as_many_as_they_are_long_and_have_its_three_corners() {
        let rows = rows(LINK);
        let last = rows.len() - 1;
        assert!(rows.iter().all(|row| row.len() == rows.len()));
        for row in [0, last] {
            assert!(rows[row].starts_with("11111110"), "{}", rows[row]);
        }
        assert!(rows[0].ends_with("01111111"), "{}", rows[0]);
        assert!(super::rows(&"x".repeat(8_000)).is_empty());
    }
}
