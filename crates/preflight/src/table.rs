//! A report as a table for people.

use std::fmt;

const HEADINGS: [&str; 6] = ["NAMESPACE", "NAME", "PHASE", "DEPLOYED", "COMPUTED", "THEN"];

/// Writes the headings and the rows below each other; an empty cell is a dash.
pub(crate) fn write(
    f: &mut fmt::Formatter<'_>,
    rows: impl Iterator<Item = [String; 6]>,
) -> fmt::Result {
    let filled =
        |row: [String; 6]| row.map(|cell| if cell.is_empty() { "-".to_owned() } else { cell });
    let headings = std::iter::once(HEADINGS.map(str::to_owned));
    let rows: Vec<[String; 6]> = headings.chain(rows.map(filled)).collect();
    let width = |n: usize| rows.iter().map(|row| row[n].chars().count()).max().unwrap_or(0);
    let widths: [usize; 5] = [0, 1, 2, 3, 4].map(width);
    for row in &rows {
        for (cell, width) in row.iter().zip(widths) {
            write!(f, "{cell:width$}  ")?;
        }
        writeln!(f, "{}", row[5])?;
    }
    Ok(())
}
