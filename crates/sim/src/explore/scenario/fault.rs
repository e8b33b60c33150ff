//! What may go wrong on the way.

/// Sorts of faults.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fault {
    /// The operator dies after it decided and before it wrote the status.
    CrashBeforeWrite,
    /// The operator dies after the status write and any number of its calls.
    CrashAfterCalls,
    /// The reply to the status write is lost.
    LostStatusReply,
    /// A call is carried out, its reply is lost.
    LostReply,
    /// The status write is refused with a conflict.
    Conflict,
    /// The watches stand still for a while.
    StaleCache,
    /// Flink cannot be reached for a while.
    Unreachable,
    /// Nothing goes on in the world for a while.
    Slow,
    /// The operator is down until every deadline has passed.
    Outage,
    /// The client of a submission gives up waiting; `main()` goes on.
    RequestTimesOut,
    /// A submission is refused this once: for now, as the JobManager does not lead yet, or for good, as
    /// `main()` throws.
    Refused,
    /// A container restarts, with nothing in memory.
    ProcessRestarts,
    /// A pod is gone at once.
    PodLost,
    /// A savepoint fails.
    SavepointFails,
    /// An operation is forgotten.
    OperationForgotten,
    /// A job fails over.
    FailsOver,
    /// A job fails for good.
    JobFails,
    /// A person cancels a job.
    PersonCancels,
    /// A person stops a job with a savepoint.
    PersonStops,
    /// Someone deletes a Deployment, a Service, a revision or a pod.
    ObjectDeleted,
    /// A pod does not end once it is told to.
    PodStuck,
    /// Someone deletes the namespace.
    NamespaceDeleted,
    /// The operator dies after the status write, and one of its calls is carried out later, when another
    /// has taken its place.
    LateCall,
    /// A person submits a job.
    PersonSubmits,
}

impl Fault {
    /// All of them.
    pub const ALL: &'static [Fault] = &[
        Fault::CrashBeforeWrite,
        Fault::CrashAfterCalls,
        Fault::LostStatusReply,
        Fault::LostReply,
        Fault::Conflict,
        Fault::StaleCache,
        Fault::Unreachable,
        Fault::Slow,
        Fault::Outage,
        Fault::RequestTimesOut,
        Fault::Refused,
        Fault::ProcessRestarts,
        Fault::PodLost,
        Fault::SavepointFails,
        Fault::OperationForgotten,
        Fault::FailsOver,
        Fault::JobFails,
        Fault::PersonCancels,
        Fault::PersonStops,
        Fault::ObjectDeleted,
        Fault::PodStuck,
        Fault::NamespaceDeleted,
        Fault::LateCall,
        Fault::PersonSubmits,
    ];

    /// All of them but those that have suites of their own: what someone does to the objects, a call that
    /// can come at any time, and what a person submits, which needs the user's word to go on.
    pub const USUAL: &'static [Fault] = {
        let [
            usual @ ..,
            Fault::ObjectDeleted,
            Fault::PodStuck,
            Fault::NamespaceDeleted,
            Fault::LateCall,
            Fault::PersonSubmits,
        ] = Fault::ALL
        else {
            panic!("they are the last ones")
        };
        usual
    };
}
