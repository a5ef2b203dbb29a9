//! Tables of text: columns that line up, and one that gives way on a narrow terminal.
//!
//! Invariant: a cell is cut only on a terminal; whatever reads from a pipe gets every cell whole.

use console::{Alignment, measure_text_width, pad_str, style, truncate_str};

/// Between two columns.
const GAP: &str = "  ";

/// Narrowest that the column which gives way becomes.
const ELASTIC_WIDTH_MIN: usize = 12;

/// One column.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Column {
    title: &'static str,
    alignment: Alignment,
    elastic: Elastic,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Elastic {
    No,
    Yes,
}

impl Column {
    /// Text.
    pub(crate) const fn text(title: &'static str) -> Self {
        Self {
            title,
            alignment: Alignment::Left,
            elastic: Elastic::No,
        }
    }

    /// Text that is cut where the terminal is too narrow.
    pub(crate) const fn elastic(title: &'static str) -> Self {
        Self {
            title,
            alignment: Alignment::Left,
            elastic: Elastic::Yes,
        }
    }

    /// Numbers.
    pub(crate) const fn number(title: &'static str) -> Self {
        Self {
            title,
            alignment: Alignment::Right,
            elastic: Elastic::No,
        }
    }
}

/// Rows of cells.
#[derive(Debug)]
pub(crate) struct Table<const N: usize> {
    columns: [Column; N],
    rows: Vec<[String; N]>,
}

impl<const N: usize> Table<N> {
    pub(crate) const fn new(columns: [Column; N]) -> Self {
        Self {
            columns,
            rows: Vec::new(),
        }
    }

    pub(crate) fn row(&mut self, cells: [String; N]) {
        self.rows.push(cells);
    }

    /// The lines of the table, for a terminal of so many columns or for none.
    pub(crate) fn render(&self, terminal_columns: Option<usize>) -> String {
        let widths = self.widths(terminal_columns);
        let titles: Vec<String> = self
            .columns
            .iter()
            .map(|column| column.title.to_owned())
            .collect();
        let mut text = style(self.line(&titles, &widths)).bold().to_string();
        text.push('\n');
        for row in &self.rows {
            text.push_str(&self.line(row, &widths));
            text.push('\n');
        }
        text
    }

    fn line(&self, cells: &[String], widths: &[usize]) -> String {
        let cells: Vec<String> = cells
            .iter()
            .zip(widths)
            .zip(&self.columns)
            .map(|((cell, &width), column)| {
                let cell = truncate_str(cell, width, "…");
                pad_str(&cell, width, column.alignment, None).into_owned()
            })
            .collect();
        cells.join(GAP).trim_end().to_owned()
    }

    fn widths(&self, terminal_columns: Option<usize>) -> Vec<usize> {
        let mut widths: Vec<usize> = (0..N)
            .map(|at| {
                let cells = self.rows.iter().map(|row| measure_text_width(&row[at]));
                cells
                    .chain([measure_text_width(self.columns[at].title)])
                    .max()
                    .unwrap_or(0)
            })
            .collect();
        let all = widths.iter().sum::<usize>() + GAP.len() * N.saturating_sub(1);
        let elastic = self
            .columns
            .iter()
            .position(|column| column.elastic == Elastic::Yes);
        if let (Some(columns), Some(at)) = (terminal_columns, elastic) {
            let excess = all.saturating_sub(columns);
            let least = ELASTIC_WIDTH_MIN.min(widths[at]);
            widths[at] = widths[at].saturating_sub(excess).max(least);
        }
        widths
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Table<3> {
        let mut table = Table::new([
            Column::text("ID"),
            Column::elastic("TITLE"),
            Column::number("SIZE"),
        ]);
        table.row([
            "quake".to_owned(),
            "A very long title indeed".to_owned(),
            "9 MiB".to_owned(),
        ]);
        table.row(["x".to_owned(), "東京".to_owned(), "112 MiB".to_owned()]);
        table
    }

    #[test]
    fn columns_line_up_also_under_wide_characters() {
        assert_eq!(
            console::strip_ansi_codes(&table().render(None)),
            "ID     TITLE                        SIZE\n\
             quake  A very long title indeed    9 MiB\n\
             x      東京                      112 MiB\n"
        );
    }

    #[test]
    fn the_elastic_column_gives_way_and_keeps_a_minimum() {
        let narrow = table().render(Some(32));
        assert!(
            narrow.contains("A very long ti…") || narrow.contains("A very long t"),
            "{narrow}"
        );
        assert!(
            narrow.lines().all(|line| measure_text_width(line) <= 32),
            "{narrow}"
        );
        let tiny = table().render(Some(5));
        assert!(tiny.contains("A very long…"), "{tiny}");
    }
}
