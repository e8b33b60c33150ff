//! What goes wrong around an adapter, once in a story, at a place that is counted from 1 on.

use super::story::Story;

/// Something that goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// The process ends right before a write to the store.
    CrashBeforeWrite,
    /// The process ends right after a write: the state is there, nothing was done for it.
    CrashAfterWrite,
    /// The process ends right after a call that changes something.
    CrashAfterCall,
    /// A write is refused: somebody wrote meanwhile.
    Conflict,
    /// A write is done, its reply is lost.
    LostWrite,
    /// A write is done without the machine's state in it.
    Pruned,
    /// The process ends right after a write, and the next one's cache does not show that write yet.
    CacheBehind,
    /// A call that changes something is not made.
    CallFails,
    /// A call that changes something is made, its reply is lost.
    LostReply,
    /// The process ends while it sends a job, and the submission arrives later.
    LateSubmission,
    /// A question is not answered.
    NoAnswer,
    /// No JobManager answers for a while.
    FlinkSilent,
    /// Kubernetes does not answer for a while.
    KubernetesSilent,
    /// A JobManager's container restarts, with nothing in memory.
    JobManagerRestarts,
    /// A JobManager's pod is gone at once.
    JobManagerLost,
}

impl Fault {
    /// All of them.
    pub const ALL: &'static [Fault] = &[
        Fault::CrashBeforeWrite,
        Fault::CrashAfterWrite,
        Fault::CrashAfterCall,
        Fault::Conflict,
        Fault::LostWrite,
        Fault::Pruned,
        Fault::CacheBehind,
        Fault::CallFails,
        Fault::LostReply,
        Fault::LateSubmission,
        Fault::NoAnswer,
        Fault::FlinkSilent,
        Fault::KubernetesSilent,
        Fault::JobManagerRestarts,
        Fault::JobManagerLost,
    ];

    /// The world's own doing: what was wished for may not come of it.
    #[must_use]
    pub fn in_the_world(self) -> bool {
        matches!(self, Fault::JobManagerRestarts | Fault::JobManagerLost)
    }

    /// What a lost JobManager takes with it only a lenient wish goes on without.
    pub(super) fn is_for(self, story: &Story) -> bool {
        story.lenient == self.in_the_world()
    }
}
