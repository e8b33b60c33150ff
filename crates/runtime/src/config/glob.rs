//! Paths with `*` and `?`, as the reference operator's `--config` takes them.

use std::fs;
use std::path::{Component, Path, PathBuf};

/// The existing files that `pattern` matches, in order of their names.
#[must_use]
pub(super) fn matches(pattern: &Path) -> Vec<PathBuf> {
    let mut found = vec![PathBuf::new()];
    for component in pattern.components() {
        found = found.iter().flat_map(|base| step(base, component)).collect();
    }
    found.retain(|path| path.is_file());
    found.sort();
    found
}

fn step(base: &Path, component: Component<'_>) -> Vec<PathBuf> {
    let text = component.as_os_str().to_string_lossy();
    if !text.contains(['*', '?']) {
        return vec![base.join(component)];
    }
    let folder = if base.as_os_str().is_empty() { Path::new(".") } else { base };
    let entries = fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok);
    let names = entries.map(|entry| entry.file_name());
    // As in a shell, a star does not match hidden files: a mounted ConfigMap is full of them.
    let shown = |name: &std::ffi::OsString| !name.to_string_lossy().starts_with('.');
    let fits = |name: &std::ffi::OsString| like(&text, &name.to_string_lossy());
    names.filter(shown).filter(fits).map(|name| base.join(name)).collect()
}

fn like(pattern: &str, name: &str) -> bool {
    match pattern.chars().next() {
        None => name.is_empty(),
        Some('*') => {
            let ends = name.char_indices().map(|(at, _)| at).chain([name.len()]);
            ends.into_iter().any(|at| like(&pattern[1..], &name[at..]))
        }
        Some(wanted) => {
            let Some(first) = name.chars().next() else { return false };
            let same = wanted == '?' || wanted == first;
            same && like(&pattern[wanted.len_utf8()..], &name[first.len_utf8()..])
        }
    }
}

#[cfg(test)]
mod tests {
    use super::like;

    #[test]
    fn a_star_is_any_text_and_a_question_mark_any_character() {
        for (pattern, name, fits) in [
            ("config*", "config", true),
            ("config*", "config-1", true),
            ("*.yaml", "config.yml", false),
            ("c?nfig*.yaml", "cönfig.yaml", true),
            ("a*b*c", "aXbYbc", true),
            ("a?", "a", false),
        ] {
            assert_eq!(like(pattern, name), fits, "{pattern} {name}");
        }
    }
}
