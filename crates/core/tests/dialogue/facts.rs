//! The language of facts, one a line. A fact holds until another one takes its place.
//!
//! ```text
//! given running                        v1 is deployed and confirmed in cluster 1, job-1 runs
//! given scaled                         after running: v3 is deployed, cluster 1 was scaled to it
//! given savepointing                  v2's cluster 2 is up, job-1 is to be stopped under trigger-2
//! given two-running                    BlueGreen: v2 runs in green as job-3 beside v1's job-1, confirmed
//! given submitting                     job-1 was stopped at s3://sp/one, job-3 goes to cluster 2
//! config recovery-retries N           how often a recovery may be tried; rollback-retries
//! config min-phase 10s                minPhaseDuration
//! given unreadable WHY                 status.machine cannot be read
//! left vN|nothing [J] [beside vM [J]] [failed vK] [deploying|submitting [J]|savepointing T|rolling-back|deleting]   the reference operator has
//! unnumbered N vM [as vK] [unproven]   cluster N of it has no number yet; its label; cannot be read back
//! spec vN [same-hash]                  the user wants version N (same-hash: only the digest differs)
//! spec force-rollback                  a newer generation with forceRollback
//! spec blue-green | spec tear-down vN  the mode; the version that is to go
//! spec single|last-seen|fallback|savepoint-disabled|restore PATH NONCE|age 60s   an edit of that field
//! spec foreign-job adopt|cancel ID     foreignJob
//! spec initial PATH                    savepointPath
//! spec obstacle invalid|unsupported F  field F cannot be deployed
//! spec in-place | spec parallelism 4 2  scaleMode InPlace; 4 slots of 2 TaskManagers
//! delete savepoint|force-cancel|none   the object has a deletion timestamp
//! wait 10s                             time passes
//! operator down 10s                    time passes without an operator, then another one comes
//! plan                                 not a fact: this step shows what would be done, and does nothing
//! asks                                 not a fact: this step shows what the next round asks for
//! finalizer | revision N | service [blue|green] N   is there
//! change none|status|rescale|redeploy|unknown   how the spec differs from what it is compared with
//! stranger vN NAME                     an object that is not ours has a name of version N
//! watch silent 5s | list silent 5s     no view of the cluster, no live LIST (0s: answers again)
//! revisions silent 5s                  whether one is stored is not told
//! cluster N vM created|up|terminating  its objects (up: pods run, two slots are free)
//! cluster N vanished|gone              no object in the watches; gone: no pod in the LIST either
//! taskmanagers N ASKED a b             its Deployment asks for ASKED, there are pods a and b
//! label N vM [vK]                      its Deployments' label, and a further Service of version K
//! jobmanager N restarted|replaced|down it forgets everything; down: no pod
//! trouble N image-pull|invalid-image|crash-loop|none [TEXT]   what its JobManager pod reports
//! flink N silent 5s                    does not answer (0s: answers again)
//! flink N version 1.13 | flink N slots 2 1      as said; two slots of which one is free
//! flink N job J STATE [UP/ALL] [restarted 5s]   list and details
//! flink N list J STATE                 the list alone: the details are older
//! flink N statistics NEWEST RESTORED | none     with checkpoint NEWEST; none: 404
//! flink N restored PATH                 what the job was restored from, by its statistics
//! flink N savepoint ID TRIGGER         is in the statistics
//! flink N stopped-with ID PATH         so is a savepoint that someone stops the job with
//! flink N discards ID                  Flink removed checkpoint ID
//! flink N retention none|on-failure|on-cancellation | flink N high-availability
//! last-seen ID PATH                    the newest checkpoint that this process was told of
//! flink N operation TRIGGER unknown|in-progress|completed PATH|failed TEXT
//! flink N idle a b                     TaskManagers a and b run nothing
//! flink N vertex V LOWER-UPPER RUNNING/ALL [MAX]   of a job on the adaptive scheduler
//! flink N failure TEXT                 why the job failed
//! flink N post J not-sent|maybe-sent|in-flight|accepted|lost|refused TEXT|refused-for-now TEXT
//!                  (…-beside TEXT: after another that may still run)
//! exactly ...                          one thing and nothing with it, as the exploration tells (`exact`)
//! ```

use std::time::Duration;

use flinkk8soperator_core::*;

use super::print::names;
use super::world::{Cluster, World, pod};
use super::{exact, flink, given};

pub(super) type Applied = Result<(), String>;

/// Makes one fact true.
pub(crate) fn apply(world: &mut World, line: &str) -> Applied {
    let mut line = line.to_owned();
    for (name, id) in names(&world.desired) {
        line = line.replace(&name, &id);
    }
    let words: Vec<&str> = line.split_whitespace().collect();
    match words.as_slice() {
        ["given", what, text @ ..] => given::state(world, what, &text.join(" ")),
        ["config", "recovery-retries", n] => number(n).map(|n| world.config.retries.recovery = n),
        ["config", "min-phase", span] => seconds(span).map(|span| world.config.min_phase = span),
        ["config", "rollback-retries", n] => {
            number(n).map(|n| world.config.retries.rollback = Some(n))
        }
        ["spec", rest @ ..] => spec(world, rest),
        ["delete", mode] => delete(world, mode),
        ["wait", span] => seconds(span).map(|span| world.now = world.now + span),
        ["operator", "down", span] => seconds(span).map(|span| {
            world.now = world.now + span;
            world.resumed = true;
        }),
        ["finalizer"] => {
            world.desired.finalizer = true;
            Ok(())
        }
        ["revision", n] => incarnation(n).map(|n| _ = world.revisions.insert(n)),
        ["service", n] => incarnation(n).map(|n| world.service = Some(n)),
        ["service", "green", n] => service_of(world, Colour::Green, n),
        ["service", "blue", n] => service_of(world, Colour::Blue, n),
        ["change", class] => change(world, class),
        ["last-seen", id, path] => {
            let (path, kind) = (Some((*path).to_owned()), CheckpointKind::Checkpoint);
            let (id, taken) = (number(id)?, Timestamp(0));
            world.last_seen = Some(Checkpoint { id, kind, path, discarded: false, taken });
            Ok(())
        }
        ["left", rest @ ..] => left(world, rest),
        ["unnumbered", n, rest @ ..] => unnumbered(world, incarnation(n)?, rest),
        ["stranger", version, name] => stranger(world, version, name),
        ["watch", "silent", span] => seconds(span).map(|s| world.watch_silent = silence(s)),
        ["revisions", "silent", span] => seconds(span).map(|s| world.revisions_silent = silence(s)),
        ["list", "silent", span] => seconds(span).map(|s| world.list_silent = silence(s)),
        ["cluster", n, rest @ ..] => cluster(world, incarnation(n)?, rest),
        ["taskmanagers", n, asked, letters @ ..] => {
            let (asked, cluster) = (number(asked)?, of(world, n)?);
            taskmanagers(cluster, asked, letters);
            Ok(())
        }
        ["label", n, label, aliases @ ..] => {
            let objects = &mut of(world, n)?.objects;
            objects.label = Some(DeployHash(version(label)?));
            let hash = |word: &&str| version(word).map(DeployHash);
            objects.aliases = aliases.iter().map(hash).collect::<Result<_, _>>()?;
            Ok(())
        }
        ["jobmanager", n, what] => jobmanager(of(world, n)?, what),
        ["trouble", n, kind, text @ ..] => trouble(of(world, n)?, kind, &text.join(" ")),
        ["flink", n, rest @ ..] => {
            let now = world.now;
            flink::apply(of(world, n)?, now, rest)
        }
        ["exactly", rest @ ..] => exact::apply(world, rest),
        _ => unknown(&words),
    }
}

pub(super) fn unknown(words: &[&str]) -> Applied {
    Err(format!("not a fact: {}", words.join(" ")))
}

pub(super) fn number<T: std::str::FromStr>(word: &str) -> Result<T, String> {
    word.parse().map_err(|_| format!("not a number: {word}"))
}

pub(super) fn incarnation(word: &str) -> Result<Incarnation, String> {
    number(word).map(Incarnation)
}

pub(super) fn seconds(word: &str) -> Result<Duration, String> {
    let number = word.strip_suffix('s').ok_or_else(|| format!("not seconds: {word}"))?;
    number.parse().map(Duration::from_secs_f64).map_err(|_| format!("not seconds: {word}"))
}

pub(super) fn silence(span: Duration) -> Option<Duration> {
    (!span.is_zero()).then_some(span)
}

fn service_of(world: &mut World, colour: Colour, n: &str) -> Applied {
    incarnation(n).map(|n| _ = world.coloured.insert(colour, n))
}

pub(super) fn version(word: &str) -> Result<u32, String> {
    number(word.strip_prefix('v').ok_or_else(|| format!("not a version: {word}"))?)
}

pub(super) fn of<'w>(world: &'w mut World, n: &str) -> Result<&'w mut Cluster, String> {
    world.clusters.get_mut(&incarnation(n)?).ok_or_else(|| format!("there is no cluster {n}"))
}

fn spec(world: &mut World, words: &[&str]) -> Applied {
    let desired = &mut world.desired;
    desired.generation += 1;
    match words {
        [wanted] if wanted.starts_with('v') => {
            let number = version(wanted)?;
            (desired.hash, desired.digest) = (DeployHash(number), Digest(number.into()));
            desired.coloured = Coloured { blue: desired.hash, green: desired.hash };
            desired.force_rollback = false;
        }
        [wanted, "same-hash"] => desired.digest = Digest(u64::from(version(wanted)?)),
        ["force-rollback"] => {
            desired.force_rollback = true;
            desired.digest.0 += 100;
        }
        ["initial", path] => {
            status_only(desired, |d| d.initial_savepoint = Some((*path).to_owned()));
        }
        ["single"] => desired.mode = Mode::Single,
        ["blue-green"] => desired.mode = Mode::BlueGreen,
        ["tear-down", hash] => {
            let hash = DeployHash(version(hash)?);
            status_only(desired, |d| d.tear_down = Some(hash));
        }
        ["in-place"] => desired.scale_mode = ScaleMode::InPlace,
        ["parallelism", slots, taskmanagers] => {
            (desired.parallelism, desired.taskmanagers) = (number(slots)?, number(taskmanagers)?);
        }
        ["last-seen"] => status_only(desired, |d| d.recovery = Recovery::LastSeen),
        ["fallback"] => status_only(desired, |d| d.fallback_without_state = true),
        ["savepoint-disabled"] => status_only(desired, |d| d.savepoint_disabled = true),
        ["age", span] => {
            let span = seconds(span)?;
            status_only(desired, |d| d.max_checkpoint_age = span);
        }
        ["restore", path, nonce] => {
            let restore = Restore { path: (*path).to_owned(), nonce: (*nonce).to_owned() };
            status_only(desired, |d| d.restore = Some(restore));
        }
        ["foreign-job", action, id] => {
            let action = match *action {
                "adopt" => ForeignJobAction::Adopt,
                "cancel" => ForeignJobAction::Cancel,
                other => return unknown(&[other]),
            };
            let id = id.parse().map_err(|error| format!("{error}"))?;
            status_only(desired, |d| d.foreign_job = Some(ForeignJob { id, action }));
        }
        ["obstacle", kind, field] => {
            let kind = match *kind {
                "invalid" => ObstacleKind::Invalid,
                "unsupported" => ObstacleKind::NotYetSupported,
                other => return unknown(&[other]),
            };
            let message = "cannot be deployed".to_owned();
            desired.obstacles = vec![Obstacle { field: (*field).to_owned(), message, kind }];
        }
        other => return unknown(other),
    }
    Ok(())
}

/// An edit of a field that no object is made from.
fn status_only(desired: &mut Desired, edit: impl FnOnce(&mut Desired)) {
    desired.digest.0 += 1000;
    edit(desired);
}

fn delete(world: &mut World, mode: &str) -> Applied {
    world.desired.goal = Goal::Delete(match mode {
        "savepoint" => DeleteMode::Savepoint,
        "force-cancel" => DeleteMode::ForceCancel,
        "none" => DeleteMode::None,
        other => return unknown(&[other]),
    });
    Ok(())
}

fn change(world: &mut World, class: &str) -> Applied {
    let class = match class {
        "none" => ChangeClass::None,
        "status" => ChangeClass::StatusOnly,
        "rescale" => ChangeClass::Rescale,
        "redeploy" => ChangeClass::Redeploy,
        "unknown" => {
            let for_how_long = Duration::from_secs(1);
            world.change = Fact::Unknown { why: Silence::Stale, for_how_long };
            return Ok(());
        }
        other => return unknown(&[other]),
    };
    world.change = Fact::Known(Change { class, fields: vec!["spec".to_owned()] });
    Ok(())
}

fn left(world: &mut World, words: &[&str]) -> Applied {
    let hash = |name: &str| version(name).map(DeployHash);
    let (under_way, words) = match words {
        [before @ .., "deploying"] => (Some(LeftStep::Deploying), before),
        [before @ .., "deleting"] => (Some(LeftStep::Deleting), before),
        [before @ .., "rolling-back"] => (Some(LeftStep::RollingBack { since: world.now }), before),
        [before @ .., "savepointing", trigger] => {
            let trigger = trigger.parse().map_err(|error| format!("{error}"))?;
            (Some(LeftStep::Savepointing(trigger)), before)
        }
        [before @ .., "submitting"] => {
            (Some(LeftStep::Submitting { job: None, since: world.now, failing: false }), before)
        }
        [before @ .., "submitting", id] => {
            let job = Some(flink::job(id)?);
            (Some(LeftStep::Submitting { job, since: world.now, failing: false }), before)
        }
        all => (None, all),
    };
    let (failed, words) = match words {
        [before @ .., "failed", name] => (Some(hash(name)?), before),
        all => (None, all),
    };
    let one = |words: &[&str]| match words {
        [name] => Ok::<_, String>(LeftVersion { hash: hash(name)?, job: None, cluster: None }),
        [name, id] => {
            Ok(LeftVersion { hash: hash(name)?, job: Some(flink::job(id)?), cluster: None })
        }
        other => Err(format!("not a version and its job: {}", other.join(" "))),
    };
    let mut parts = words.split(|word| *word == "beside");
    let first = parts.next().unwrap_or_default();
    let deployed = if first == ["nothing"] { None } else { Some(one(first)?) };
    let beside = parts.next().map(one).transpose()?;
    let left = Left { deployed, beside, failed, under_way, target: None };
    world.state = State::left(world.now, left);
    world.desired.finalizer = true;
    Ok(())
}

fn unnumbered(world: &mut World, n: Incarnation, words: &[&str]) -> Applied {
    let [name, rest @ ..] = words else { return unknown(words) };
    let names = DeployHash(version(name)?);
    let (label, rest) = match rest {
        ["as", name, rest @ ..] => (DeployHash(version(name)?), rest),
        rest => (names, rest),
    };
    let (parallelism, taskmanagers, mode) = (2, 1, world.desired.mode);
    let known = ReadBack { parallelism, taskmanagers, mode, colour: None };
    let version = (*rest != ["unproven"]).then_some(known);
    world.clusters.insert(n, Cluster::up(n, names));
    if let Some(cluster) = world.clusters.get_mut(&n) {
        cluster.objects.label = Some(label);
        cluster.objects.aliases.extend((label != names).then_some(label));
    }
    let made_for = (*rest != ["unproven"] && label != names).then_some(known);
    world.unnumbered.push(Unnumbered { names, label: Some(label), version, made_for });
    Ok(())
}

fn stranger(world: &mut World, hash: &str, name: &str) -> Applied {
    let hash = Some(DeployHash(version(hash)?));
    world.strangers.push(Stranger { name: name.to_owned(), hash });
    Ok(())
}

fn cluster(world: &mut World, incarnation: Incarnation, words: &[&str]) -> Applied {
    match words {
        [hash, "created"] => {
            let cluster = Cluster::created(incarnation, DeployHash(version(hash)?));
            world.clusters.insert(incarnation, cluster);
        }
        [hash, "up"] => {
            let cluster = Cluster::up(incarnation, DeployHash(version(hash)?));
            world.clusters.insert(incarnation, cluster);
        }
        [_, "terminating"] => {
            let cluster = world.clusters.get_mut(&incarnation).ok_or("there is no such cluster")?;
            let objects = &mut cluster.objects;
            objects.jobmanager = Presence::Terminating;
            objects.taskmanager = Presence::Terminating;
            objects.service = Presence::Terminating;
            objects.pods.iter_mut().for_each(|p| p.terminating = true);
        }
        ["vanished"] => {
            let cluster = world.clusters.remove(&incarnation).ok_or("there is no such cluster")?;
            world.listed.extend(cluster.objects.pods);
        }
        ["gone"] => {
            world.clusters.remove(&incarnation);
            world.listed.retain(|p| p.incarnation != incarnation);
        }
        other => return unknown(other),
    }
    Ok(())
}

fn taskmanagers(cluster: &mut Cluster, asked: u32, letters: &[&str]) {
    let incarnation = cluster.objects.incarnation;
    cluster.objects.replicas = asked;
    cluster.objects.pods.retain(|p| p.role == Role::JobManager);
    let letters = letters.iter().filter_map(|word| word.chars().next());
    let pods = letters.map(|letter| pod(incarnation, Role::TaskManager, letter));
    cluster.objects.pods.extend(pods);
}

fn jobmanager(cluster: &mut Cluster, what: &str) -> Applied {
    let incarnation = cluster.objects.incarnation;
    let pods = &mut cluster.objects.pods;
    let now = pods.iter().position(|p| p.role == Role::JobManager);
    let now = now.ok_or("there is no JobManager pod")?;
    match what {
        "restarted" => pods[now].restarts += 1,
        "replaced" => pods[now] = pod(incarnation, Role::JobManager, 'b'),
        "down" => _ = pods.remove(now),
        other => return unknown(&[other]),
    }
    cluster.forget();
    Ok(())
}

fn trouble(cluster: &mut Cluster, kind: &str, message: &str) -> Applied {
    let kind = match kind {
        "image-pull" => Some(TroubleKind::ImagePull),
        "invalid-image" => Some(TroubleKind::InvalidImage),
        "crash-loop" => Some(TroubleKind::CrashLoop),
        "none" => None,
        other => return unknown(&[other]),
    };
    if cluster.objects.pods.is_empty() {
        let pod = pod(cluster.objects.incarnation, Role::JobManager, 'a');
        cluster.objects.pods.push(Pod { running: false, ready: false, ..pod });
    }
    let trouble = kind.map(|kind| Trouble { kind, message: message.to_owned() });
    cluster.objects.pods.iter_mut().for_each(|p| p.trouble.clone_from(&trouble));
    Ok(())
}
