//! What a JobManager says: the facts that begin with `flink N` (listed in `facts`).

use flinkk8soperator_core::*;

use super::facts::{Applied, number, seconds, silence, unknown};
use super::world::{Cluster, pod};

/// Makes true what a line says after `flink N`.
pub(super) fn apply(cluster: &mut Cluster, now: Timestamp, words: &[&str]) -> Applied {
    match words {
        ["silent", span] => cluster.silent = silence(seconds(span)?),
        ["version", version] => {
            let (major, minor) = version.split_once('.').ok_or("not a version")?;
            cluster.about.version = FlinkVersion { major: number(major)?, minor: number(minor)? };
        }
        ["slots", all, free] => cluster.slots(number(all)?, number(free)?),
        ["job", id, state, rest @ ..] => return job_is(cluster, now, job(id)?, state, rest),
        ["list", id, state] => _ = cluster.listed.insert(job(id)?, job_state(state)?),
        ["statistics", "none"] => cluster.statistics = None,
        ["statistics", newest, restored] => {
            let (newest_id, restored) = (number(newest)?, number(restored)?);
            let path = Some(format!("s3://chk/{newest}"));
            let kind = CheckpointKind::Checkpoint;
            let taken = Timestamp(0);
            let completed = vec![Checkpoint { id: newest_id, kind, path, discarded: false, taken }];
            let statistics = Statistics { newest_id, restored, completed, ..Statistics::default() };
            cluster.statistics = Some(statistics);
        }
        ["restored", path] => {
            let statistics = cluster.statistics.get_or_insert_default();
            let path = Some((*path).to_owned());
            let (kind, taken) = (CheckpointKind::Savepoint, Timestamp(0));
            let point = Checkpoint { id: 1, kind, path, discarded: false, taken };
            statistics.restored_from = Some(point);
            statistics.restored = 1;
        }
        ["discards", id] => {
            let id: u64 = number(id)?;
            let listed = cluster.statistics.iter_mut().flat_map(|s| &mut s.completed);
            listed.filter(|c| c.id == id).for_each(|c| c.discarded = true);
        }
        ["retention", retention] => {
            cluster.retention = match *retention {
                "none" => Retention::None,
                "on-failure" => Retention::OnFailure,
                "on-cancellation" => Retention::OnCancellation,
                other => return unknown(&[other]),
            };
        }
        ["idle", letters @ ..] => {
            let incarnation = cluster.objects.incarnation;
            let letters = letters.iter().filter_map(|word| word.chars().next());
            let uid = |letter| pod(incarnation, Role::TaskManager, letter).uid;
            cluster.idle = letters.map(uid).collect();
        }
        ["vertex", n, bounds, tasks, rest @ ..] => {
            let (lower, upper) = bounds.split_once('-').ok_or("not bounds: LOWER-UPPER")?;
            let (running, all) = tasks.split_once('/').ok_or("not tasks: RUNNING/ALL")?;
            let vertex = VertexId(number(n)?);
            let bounds = Bounds { vertex, lower: number(lower)?, upper: number(upper)? };
            let max_parallelism = rest.first().map(|max| number(max)).transpose()?;
            let (parallelism, running) = (number(all)?, number(running)?);
            let told = Vertex { bounds, max_parallelism, parallelism, running };
            let vertices = cluster.vertices.get_or_insert_default();
            vertices.retain(|v| v.bounds.vertex != vertex);
            vertices.push(told);
        }
        ["high-availability"] => cluster.about.high_availability = true,
        ["savepoint", id, trigger] => return savepoint(cluster, number(id)?, trigger),
        ["stopped-with", id, path] => stopped_with(cluster, number(id)?, path),
        ["operation", trigger, rest @ ..] => return operation(cluster, trigger, rest),
        ["failure", text @ ..] => cluster.failure = text.join(" "),
        ["post", id, what, text @ ..] => return post(cluster, job(id)?, what, text.join(" ")),
        other => return unknown(other),
    }
    Ok(())
}

fn job_is(cluster: &mut Cluster, now: Timestamp, id: JobId, state: &str, rest: &[&str]) -> Applied {
    let state = job_state(state)?;
    let (vertices, restarted) = match rest {
        [] => ("2/2", None),
        [vertices] => (*vertices, None),
        [vertices, "restarted", at] => (*vertices, Some(seconds(at)?)),
        other => return unknown(other),
    };
    let (up, all) = vertices.split_once('/').ok_or("not vertices: UP/ALL")?;
    let restarted_at = restarted.map(|span| Timestamp(0) + span);
    let (vertices, vertices_up) = (number(all)?, number(up)?);
    let ended_at = state.over().then_some(now);
    let details = Job { state, vertices, vertices_up, restarted_at, ended_at, clock: now };
    cluster.detailed.insert(id, details);
    cluster.listed.insert(id, state);
    let free = if state.over() { 2 } else { 0 };
    cluster.slots(2, free);
    Ok(())
}

pub(super) fn job_state(word: &str) -> Result<JobState, String> {
    Ok(match word {
        "starting" => JobState::Starting,
        "running" => JobState::Running,
        "restarting" => JobState::Restarting,
        "cancelling" => JobState::Cancelling,
        "finished" => JobState::Finished,
        "canceled" => JobState::Canceled,
        "failed" => JobState::Failed,
        "suspended" => JobState::Suspended,
        other => return Err(format!("not a job's state: {other}")),
    })
}

fn savepoint(cluster: &mut Cluster, id: u64, trigger: &str) -> Applied {
    let statistics = cluster.statistics.get_or_insert_default();
    let path = Some(format!("s3://sp/app-{trigger}"));
    let kind = CheckpointKind::Savepoint;
    statistics.newest_id = statistics.newest_id.max(id);
    let taken = Timestamp(0);
    statistics.completed.push(Checkpoint { id, kind, path, discarded: false, taken });
    Ok(())
}

/// A savepoint that someone stopped the job with.
fn stopped_with(cluster: &mut Cluster, id: u64, path: &str) {
    let statistics = cluster.statistics.get_or_insert_default();
    let (path, kind) = (Some(path.to_owned()), CheckpointKind::SyncSavepoint);
    statistics.newest_id = statistics.newest_id.max(id);
    let taken = Timestamp(0);
    statistics.completed.push(Checkpoint { id, kind, path, discarded: false, taken });
}

fn operation(cluster: &mut Cluster, trigger: &str, words: &[&str]) -> Applied {
    let trigger: TriggerId = trigger.parse().map_err(|error| format!("{error}"))?;
    let operation = match words {
        ["unknown"] => Operation::Unknown,
        ["in-progress"] => Operation::InProgress,
        ["completed", path] => Operation::Completed { path: (*path).to_owned() },
        ["failed", text @ ..] => Operation::Failed { message: text.join(" ") },
        other => return unknown(other),
    };
    cluster.operations.insert(trigger, operation);
    Ok(())
}

fn post(cluster: &mut Cluster, job: JobId, what: &str, message: String) -> Applied {
    let post = match what {
        "not-sent" => Post::NotSent,
        "maybe-sent" => Post::MaybeSent,
        "in-flight" => Post::InFlight { alone: true },
        "accepted" => Post::Accepted,
        "lost" => Post::Lost,
        "refused" => Post::Refused { retriable: false, message, alone: true },
        "refused-for-now" => Post::Refused { retriable: true, message, alone: true },
        "refused-beside" => Post::Refused { retriable: false, message, alone: false },
        "refused-for-now-beside" => Post::Refused { retriable: true, message, alone: false },
        other => return unknown(&[other]),
    };
    cluster.posts.insert(job, post);
    Ok(())
}

pub(super) fn job(word: &str) -> Result<JobId, String> {
    word.parse().map_err(|error| format!("{error}"))
}
