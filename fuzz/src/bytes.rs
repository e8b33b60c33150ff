//! Choices made from bytes: the same bytes, the same choices. The last choice is by convention the good
//! one, and in a calm round it is mostly taken: else no deploy would ever get anywhere.

/// What is left of the input.
pub(crate) struct Bytes<'a> {
    rest: &'a [u8],
    calm: bool,
}

impl<'a> Bytes<'a> {
    /// All of the input.
    pub(crate) fn new(input: &'a [u8]) -> Bytes<'a> {
        Bytes { rest: input, calm: false }
    }

    /// Begins a round, three of four of which are calm; none when there is no input left.
    pub(crate) fn begin(&mut self) -> Option<()> {
        self.calm = self.next()? % 4 != 0;
        Some(())
    }

    /// A number below `end`, which is at most 256; in a calm round mostly the last.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        let last = end.saturating_sub(1);
        let good = self.calm && self.next().is_none_or(|byte| byte >= 16);
        if good { last } else { self.next().map_or(last, |byte| usize::from(byte) % end.max(1)) }
    }

    /// True once in `times`, however calm the round is: for what users do and time brings.
    pub(crate) fn by_chance(&mut self, times: u8) -> bool {
        self.next().is_some_and(|byte| byte % times == 0)
    }

    /// True once in `times`, in a calm round hardly ever: for what goes wrong.
    pub(crate) fn once_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    /// One of some values; none where there are none.
    pub(crate) fn one<T: Clone>(&mut self, of: &[T]) -> Option<T> {
        let chosen = self.below(of.len());
        of.get(chosen).cloned()
    }

    fn next(&mut self) -> Option<u8> {
        let (first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(*first)
    }
}

/// Bytes without a pattern, for tests (xorshift).
#[cfg(test)]
pub(crate) fn noise(seed: u64, length: usize) -> Vec<u8> {
    let mut x = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let next = || {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        (x >> 32) as u8
    };
    std::iter::repeat_with(next).take(length).collect()
}
