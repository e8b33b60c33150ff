//! Facts that make one thing true and nothing else with it, as the exploration writes down what a
//! round saw (`explore` of crates/sim). After the word `exactly`:
//!
//! ```text
//! one round a step                     even where the state changes
//! waits 1s                             every grace, delay and poll of the operator
//! retries SAVEPOINT SUBMIT RECOVERY
//! timeouts CLUSTER SAVEPOINT SUBMIT START CONFIRM RECOVERY DELETE | confirm-after 1s
//! application vN digest N generation N parallelism N [WORD...] [restore PATH NONCE]
//!                                      WORD: single, blue-green, in-place, cancel, savepoint-disabled,
//!                                      fallback, last-seen, force-rollback, finalizer,
//!                                      taskmanagers=N, tear-down=vN, foreign-job=adopt|cancel,ID
//! revisions [N...] | service N|none | coloured [blue|green=N...] | last-seen none|CHECKPOINT
//! cluster N vN JOBMANAGER TASKMANAGER SERVICE [label=vN|none] [replicas=N] [alias=vN...] [POD...]
//!                                      each object present, absent or terminating; the label is the
//!                                      hash, one replica where nothing is said
//! no cluster N | listed [POD...]
//! flink N forgets | silent 0s | answers
//! flink N about VERSION TASKMANAGERS SLOTS FREE REFRESH
//! flink N jobs [J=STATE...] | details J none | details J STATE UP/ALL [restarted 5s] [ended 9s]
//! flink N vertices none
//! flink N checkpoints NEWEST RESTORED IN-PROGRESS [CHECKPOINT...] [from CHECKPOINT]
//! ```
//!
//! A POD is `jm1a#1=ready`: waiting, running or ready; then, after commas, `ending` and its trouble.
//! A CHECKPOINT is `7=savepoint,PATH`, `7=sync-savepoint,PATH` or `7=checkpoint,PATH`, and `,discarded` if it is.

use flinkk8soperator_core::*;

use super::facts::{Applied, incarnation, number, of, seconds, unknown, version};
use super::flink::{job, job_state};
use super::world::{Cluster, World, pod};

/// Makes one fact true.
pub(super) fn apply(world: &mut World, words: &[&str]) -> Applied {
    match words {
        ["one", "round", "a", "step"] => world.one_round = true,
        ["waits", span] => waits(&mut world.config, span)?,
        ["retries", savepoint, submit, recovery] => {
            let retries = &mut world.config.retries;
            retries.savepoint = number(savepoint)?;
            retries.submit = number(submit)?;
            retries.recovery = number(recovery)?;
        }
        ["timeouts", spans @ ..] => timeouts(&mut world.desired, spans)?,
        ["confirm-after", span] => world.desired.confirm_after = seconds(span)?,
        ["application", rest @ ..] => application(&mut world.desired, rest)?,
        ["revisions", rest @ ..] => {
            world.revisions = rest.iter().map(|n| incarnation(n)).collect::<Result<_, _>>()?;
        }
        ["service", "none"] => world.service = None,
        ["service", n] => world.service = Some(incarnation(n)?),
        ["coloured", rest @ ..] => {
            world.coloured = each(rest, colour)?.into_iter().collect();
        }
        ["last-seen", "none"] => world.last_seen = None,
        ["last-seen", seen] => world.last_seen = Some(checkpoint(seen)?),
        ["cluster", n, hash, objects @ ..] => cluster(world, incarnation(n)?, hash, objects)?,
        ["no", "cluster", n] => _ = world.clusters.remove(&incarnation(n)?),
        ["listed", pods @ ..] => world.listed_exactly = Some(each(pods, named_pod)?),
        ["flink", n, rest @ ..] => flink(of(world, n)?, rest)?,
        other => return unknown(other),
    }
    Ok(())
}

fn each<T>(words: &[&str], read: fn(&str) -> Result<T, String>) -> Result<Vec<T>, String> {
    words.iter().map(|word| read(word)).collect()
}

fn waits(config: &mut Config, span: &str) -> Applied {
    let span = seconds(span)?;
    config.unreachable_grace = span;
    config.pod_trouble_grace = span;
    (config.base_backoff, config.max_backoff) = (span, span);
    config.flink_poll = FlinkPoll { busy: span, running: span, max: span };
    config.record_checkpoints = None;
    Ok(())
}

fn timeouts(desired: &mut Desired, spans: &[&str]) -> Applied {
    let [cluster_start, savepoint, submit, job_start, confirm, recovery, delete] = spans else {
        return unknown(spans);
    };
    desired.timeouts = Timeouts {
        cluster_start: seconds(cluster_start)?,
        savepoint: seconds(savepoint)?,
        submit: seconds(submit)?,
        job_start: seconds(job_start)?,
        confirm: seconds(confirm)?,
        recovery: seconds(recovery)?,
        delete: seconds(delete)?,
    };
    Ok(())
}

fn application(desired: &mut Desired, words: &[&str]) -> Applied {
    let [hash, "digest", digest, "generation", generation, "parallelism", parallelism, rest @ ..] =
        words
    else {
        return unknown(words);
    };
    let plain = Desired::new(
        desired.uid,
        number(generation)?,
        DeployHash(version(hash)?),
        Digest(number(digest)?),
    );
    let (timeouts, confirm_after, goal) = (desired.timeouts, desired.confirm_after, desired.goal);
    let parallelism = number(parallelism)?;
    *desired = Desired { timeouts, confirm_after, goal, parallelism, ..plain };
    let mut rest = rest;
    loop {
        rest = match rest {
            [] => return Ok(()),
            ["restore", path, nonce, rest @ ..] => {
                let (path, nonce) = ((*path).to_owned(), (*nonce).to_owned());
                desired.restore = Some(Restore { path, nonce });
                rest
            }
            [word, rest @ ..] => {
                wish(desired, word)?;
                rest
            }
        };
    }
}

/// `blue=2`.
fn colour(text: &str) -> Result<(Colour, Incarnation), String> {
    let (word, n) = text.split_once('=').ok_or("not a colour's cluster: COLOUR=N")?;
    let named = |colour: &&Colour| colour.as_str() == word;
    let colour = Colour::ALL.iter().find(named).ok_or_else(|| format!("not a colour: {word}"))?;
    Ok((*colour, incarnation(n)?))
}

fn wish(desired: &mut Desired, word: &str) -> Applied {
    if let Some((word, value)) = word.split_once('=') {
        return wish_with(desired, word, value);
    }
    match word {
        "single" => desired.mode = Mode::Single,
        "blue-green" => desired.mode = Mode::BlueGreen,
        "in-place" => desired.scale_mode = ScaleMode::InPlace,
        "cancel" => desired.savepoint_stop = SavepointStop::Cancel,
        "savepoint-disabled" => desired.savepoint_disabled = true,
        "fallback" => desired.fallback_without_state = true,
        "last-seen" => desired.recovery = Recovery::LastSeen,
        "force-rollback" => desired.force_rollback = true,
        "finalizer" => desired.finalizer = true,
        other => return unknown(&[other]),
    }
    Ok(())
}

fn wish_with(desired: &mut Desired, word: &str, value: &str) -> Applied {
    match word {
        "taskmanagers" => desired.taskmanagers = number(value)?,
        "tear-down" => desired.tear_down = Some(DeployHash(version(value)?)),
        "foreign-job" => {
            let (action, id) = value.split_once(',').ok_or("not a foreign job: ACTION,ID")?;
            let action = match action {
                "adopt" => ForeignJobAction::Adopt,
                "cancel" => ForeignJobAction::Cancel,
                other => return unknown(&[other]),
            };
            desired.foreign_job = Some(ForeignJob { id: job(id)?, action });
        }
        other => return unknown(&[other]),
    }
    Ok(())
}

fn cluster(world: &mut World, n: Incarnation, hash: &str, words: &[&str]) -> Applied {
    let [jobmanager, taskmanager, service, rest @ ..] = words else { return unknown(words) };
    let hash = DeployHash(version(hash)?);
    let cluster = world.clusters.entry(n).or_insert_with(|| Cluster::created(n, hash));
    cluster.objects = ClusterObjects {
        jobmanager: presence(jobmanager)?,
        taskmanager: presence(taskmanager)?,
        service: presence(service)?,
        label: Some(hash),
        replicas: 1,
        aliases: Vec::new(),
        pods: Vec::new(),
        ..cluster.objects.clone()
    };
    for word in rest {
        match word.split_once('=') {
            Some(("label", "none")) => cluster.objects.label = None,
            Some(("label", label)) => cluster.objects.label = Some(DeployHash(version(label)?)),
            Some(("replicas", n)) => cluster.objects.replicas = number(n)?,
            Some(("alias", alias)) => cluster.objects.aliases.push(DeployHash(version(alias)?)),
            Some(_) | None => cluster.objects.pods.push(named_pod(word)?),
        }
    }
    Ok(())
}

fn presence(word: &str) -> Result<Presence, String> {
    Ok(match word {
        "present" => Presence::Present,
        "absent" => Presence::Absent,
        "terminating" => Presence::Terminating,
        other => return Err(format!("neither there nor gone: {other}")),
    })
}

/// `jm1a#1=ready,ending`.
fn named_pod(text: &str) -> Result<Pod, String> {
    let wrong = || format!("not a pod: {text}");
    let (name, condition) = text.split_once('=').ok_or_else(wrong)?;
    let (name, restarts) = match name.split_once('#') {
        None => (name, 0),
        Some((name, restarts)) => (name, number(restarts)?),
    };
    let letter = name.chars().last().ok_or_else(wrong)?;
    let (role, of) = match name.split_at_checked(2).ok_or_else(wrong)? {
        ("jm", of) => (Role::JobManager, of),
        ("tm", of) => (Role::TaskManager, of),
        _ => return Err(wrong()),
    };
    let found = pod(incarnation(of.trim_end_matches(letter))?, role, letter);
    let mut found = Pod { running: false, ready: false, restarts, ..found };
    for word in condition.split(',') {
        match word {
            "waiting" => {}
            "running" => found.running = true,
            "ready" => (found.running, found.ready) = (true, true),
            "ending" => found.terminating = true,
            trouble => found.trouble = Some(trouble_of(trouble)?),
        }
    }
    Ok(found)
}

fn trouble_of(word: &str) -> Result<Trouble, String> {
    let kind = match word {
        "image-pull" => TroubleKind::ImagePull,
        "invalid-image" => TroubleKind::InvalidImage,
        "crash-loop" => TroubleKind::CrashLoop,
        "unschedulable" => TroubleKind::Unschedulable,
        "does-not-end" => TroubleKind::DoesNotEnd,
        other => return Err(format!("not a trouble: {other}")),
    };
    Ok(Trouble { kind, message: word.to_owned() })
}

fn flink(cluster: &mut Cluster, words: &[&str]) -> Applied {
    match words {
        ["forgets"] => {
            cluster.forget();
            cluster.posts.clear();
        }
        ["silent", span] => cluster.silent = Some(seconds(span)?),
        ["answers"] => cluster.silent = None,
        ["vertices", "none"] => cluster.vertices = None,
        ["about", version, taskmanagers, slots, slots_free, refresh] => {
            let (major, minor) = version.split_once('.').ok_or("not a version")?;
            cluster.about = FlinkCluster {
                version: FlinkVersion { major: number(major)?, minor: number(minor)? },
                taskmanagers: number(taskmanagers)?,
                slots: number(slots)?,
                slots_free: number(slots_free)?,
                refresh_interval: seconds(refresh)?,
                ..cluster.about
            };
        }
        ["jobs", listed @ ..] => cluster.listed = each(listed, listed_job)?.into_iter().collect(),
        ["details", id, "none"] => _ = cluster.detailed.remove(&job(id)?),
        ["details", id, rest @ ..] => {
            let details = details(rest)?;
            cluster.detailed.insert(job(id)?, details);
        }
        ["checkpoints", newest, restored, in_progress, rest @ ..] => {
            let (completed, from) = match rest {
                [completed @ .., "from", from] => (completed, Some(checkpoint(from)?)),
                completed => (completed, None),
            };
            cluster.statistics = Some(Statistics {
                newest_id: number(newest)?,
                restored: number(restored)?,
                in_progress: number(in_progress)?,
                completed: each(completed, checkpoint)?,
                restored_from: from,
            });
        }
        other => return unknown(other),
    }
    Ok(())
}

fn listed_job(text: &str) -> Result<(JobId, JobState), String> {
    let (id, state) = text.split_once('=').ok_or("not a job: J=STATE")?;
    Ok((job(id)?, job_state(state)?))
}

fn details(words: &[&str]) -> Result<Job, String> {
    let (words, ended) = match words {
        [words @ .., "ended", at] => (words, Some(seconds(at)?)),
        words => (words, None),
    };
    let (state, vertices, restarted) = match words {
        [state, vertices] => (state, vertices, None),
        [state, vertices, "restarted", at] => (state, vertices, Some(seconds(at)?)),
        other => return Err(format!("not a job's details: {}", other.join(" "))),
    };
    let (up, all) = vertices.split_once('/').ok_or("not vertices: UP/ALL")?;
    Ok(Job {
        state: job_state(state)?,
        vertices: number(all)?,
        vertices_up: number(up)?,
        restarted_at: restarted.map(|span| Timestamp(0) + span),
        ended_at: ended.map(|span| Timestamp(0) + span),
        clock: Timestamp(0),
    })
}

/// `7=savepoint,PATH,discarded`.
fn checkpoint(text: &str) -> Result<Checkpoint, String> {
    let wrong = || format!("not a checkpoint: {text}");
    let (id, rest) = text.split_once('=').ok_or_else(wrong)?;
    let (rest, discarded) = match rest.strip_suffix(",discarded") {
        Some(rest) => (rest, true),
        None => (rest, false),
    };
    let (kind, path) = rest.split_once(',').ok_or_else(wrong)?;
    let kind = match kind {
        "savepoint" => CheckpointKind::Savepoint,
        "sync-savepoint" => CheckpointKind::SyncSavepoint,
        "checkpoint" => CheckpointKind::Checkpoint,
        _ => return Err(wrong()),
    };
    let (id, path, taken) = (number(id)?, Some(path.to_owned()), Timestamp(0));
    Ok(Checkpoint { id, kind, path, discarded, taken })
}
