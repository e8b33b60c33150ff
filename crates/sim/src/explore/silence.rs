//! Facts turned into silence, one after the other.

use std::time::Duration;

use flinkk8soperator_core as machine;
use machine::{Fact, Flink, Incarnation, Observation, Silence};

/// Calls with what is seen without one fact, for each that is known, until something comes of it.
pub(super) fn each<R>(
    seen: &Observation,
    call: impl FnMut(&'static str, &Observation) -> Option<R>,
) -> Option<R> {
    let mut without = Without { seen: seen.clone(), call };
    let of_kubernetes = without
        .one("objects", |s| Some(&mut s.objects))
        .or_else(|| without.one("live pods", |s| Some(&mut s.live_pods)))
        .or_else(|| without.one("newest revision", |s| Some(&mut s.newest_revision)))
        .or_else(|| without.one("last seen", |s| Some(&mut s.last_seen)))
        .or_else(|| without.one("change", |s| Some(&mut s.change)));
    of_kubernetes
        .or_else(|| without.revisions())
        .or_else(|| seen.flink.keys().find_map(|cluster| without.one_of(*cluster)))
}

fn is_known<T>(fact: &Fact<T>) -> bool {
    matches!(fact, Fact::Known(_))
}

fn silence<T>() -> Fact<T> {
    Fact::Unknown { why: Silence::TimedOut, for_how_long: Duration::ZERO }
}

struct Without<C> {
    seen: Observation,
    call: C,
}

impl<R, C: FnMut(&'static str, &Observation) -> Option<R>> Without<C> {
    /// Takes one fact away and puts it back: copying everything for each takes longer than deciding.
    fn one<T>(
        &mut self,
        name: &'static str,
        fact: impl Fn(&mut Observation) -> Option<&mut Fact<T>>,
    ) -> Option<R> {
        let known = fact(&mut self.seen).filter(|fact| is_known(fact))?;
        let known = std::mem::replace(known, silence());
        let found = (self.call)(name, &self.seen);
        if let Some(hushed) = fact(&mut self.seen) {
            *hushed = known;
        }
        found
    }

    /// All of them: who does not say whether one is stored says nothing of the others.
    fn revisions(&mut self) -> Option<R> {
        let known = self.seen.revisions.clone();
        let mut asked = self.seen.revisions.values_mut().filter(|fact| is_known(fact)).peekable();
        asked.peek()?;
        asked.for_each(|fact| *fact = silence());
        let found = (self.call)("revisions", &self.seen);
        self.seen.revisions = known;
        found
    }

    /// Each of what one cluster's Flink says.
    fn one_of(&mut self, cluster: Incarnation) -> Option<R> {
        fn of(seen: &mut Observation, cluster: Incarnation) -> Option<&mut Flink> {
            seen.flink.get_mut(&cluster)
        }
        self.one("cluster", |s| Some(&mut of(s, cluster)?.cluster))
            .or_else(|| self.one("jobs", |s| Some(&mut of(s, cluster)?.jobs)))
            .or_else(|| self.one("job", |s| Some(&mut of(s, cluster)?.job)))
            .or_else(|| self.one("statistics", |s| Some(&mut of(s, cluster)?.statistics)))
            .or_else(|| self.one("checkpointing", |s| Some(&mut of(s, cluster)?.checkpointing)))
            .or_else(|| self.one("operation", |s| Some(&mut of(s, cluster)?.operation)))
            .or_else(|| self.one("failure", |s| Some(&mut of(s, cluster)?.failure)))
            .or_else(|| self.one("submission", |s| Some(&mut of(s, cluster)?.submission)))
            .or_else(|| self.one("idle", |s| Some(&mut of(s, cluster)?.idle)))
            .or_else(|| self.one("requirements", |s| Some(&mut of(s, cluster)?.requirements)))
    }
}
