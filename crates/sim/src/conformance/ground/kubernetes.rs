//! The calls of a client for Kubernetes. Objects are named by cluster and part.

use flinkk8soperator_core as machine;
use machine::{DeployHash, Incarnation, Objects, Pod, Silence, Uid};

use super::super::fault::Fault;
use super::super::rules;
use super::{APP, Call, CallError, Ground, Part, keep};
use crate::explore::observe::objects;
use crate::explore::translate;
use crate::world::{CreateError, Role};

const SILENT: Fault = Fault::KubernetesSilent;

impl From<CreateError> for CallError {
    fn from(error: CreateError) -> CallError {
        CallError::Refused(error.to_string())
    }
}

impl<K: Clone> Ground<K> {
    /// The resource's objects and pods, as watches show them.
    ///
    /// # Errors
    /// No answer.
    pub fn objects(&mut self) -> Result<Objects, Silence> {
        let there = objects(&self.world);
        let answer = self.answer(SILENT, Ok(there));
        keep(&mut self.told.objects, &answer);
        answer
    }

    /// Its pods, by a live LIST.
    ///
    /// # Errors
    /// No answer.
    pub fn live_pods(&mut self) -> Result<Vec<Pod>, Silence> {
        let there = self.world.pods.iter().map(translate::pod).collect();
        let answer = self.answer(SILENT, Ok(there));
        keep(&mut self.told.live_pods, &answer);
        answer
    }

    /// The parts of a cluster that are there, each with its UID.
    ///
    /// # Errors
    /// No answer.
    pub fn parts(&mut self, of: Incarnation) -> Result<Vec<(Part, Uid)>, Silence> {
        let cluster = Self::cluster(of);
        let deployments = self.world.deployments.iter().filter(|d| d.cluster == cluster);
        let mut parts: Vec<(Part, Uid)> =
            deployments.map(|d| (part(d.role), translate::uid(d.uid))).collect();
        let services = self.world.services.iter().filter(|s| s.cluster == cluster);
        parts.extend(services.map(|s| (Part::Service, translate::uid(s.uid))));
        self.answer(SILENT, Ok(parts))
    }

    /// The version that was stored as a cluster's revision, and its UID.
    ///
    /// # Errors
    /// No answer.
    pub fn revision(&mut self, of: Incarnation) -> Result<Option<(u32, Uid)>, Silence> {
        let stored = self.world.revision(Self::cluster(of));
        // The spec of a version is kept under its hash; the wish names it by its number.
        let named = stored.and_then(|r| {
            let (version, _) = self.named.iter().find(|(_, hash)| *hash == r.spec.hash)?;
            Some((*version, translate::uid(r.uid)))
        });
        let answer = self.answer(SILENT, Ok(named));
        let there = answer.map(|revision| revision.is_some());
        keep(self.told.revisions.entry(of).or_default(), &there);
        if there == Ok(true) {
            self.revisions_told.insert(of);
        }
        answer
    }

    /// The highest number that has a revision, by a live LIST.
    ///
    /// # Errors
    /// No answer.
    pub fn newest_revision(&mut self) -> Result<Option<Incarnation>, Silence> {
        let numbers = self.world.revisions.iter().map(|r| Incarnation(r.cluster.incarnation));
        let newest = numbers.max();
        let answer = self.answer(SILENT, Ok(newest));
        keep(&mut self.told.newest_revision, &answer);
        answer
    }

    /// Stores a version as a cluster's revision, whose objects will be named by the hash. That the
    /// same is there already is no failure.
    ///
    /// # Errors
    /// It is not, or not known to be, stored.
    pub fn save_revision(
        &mut self,
        of: Incarnation,
        hash: DeployHash,
        version: u32,
    ) -> Result<(), CallError> {
        self.change(Call::SaveRevision(of), SILENT, |ground| {
            let unknown = || CallError::Refused(format!("nobody wished for version {version}"));
            let mut stages = ground.wished.iter().rev();
            let stage = stages.find(|s| s.wish.version == version).ok_or_else(unknown)?;
            let spec = stage.spec(hash.0);
            ground.named.insert((version, hash.0));
            Ok(ground.world.save_revision(Self::cluster(of), spec)?)
        })
    }

    /// Deletes a cluster's revision, if it has this UID.
    ///
    /// # Errors
    /// It is not, or not known to be, deleted.
    pub fn delete_revision(&mut self, of: Incarnation, uid: Option<Uid>) -> Result<(), CallError> {
        self.with_uid(uid, &Call::DeleteRevision(of));
        self.change(Call::DeleteRevision(of), SILENT, |ground| {
            let there = ground.world.revision(Self::cluster(of)).map(|r| translate::uid(r.uid));
            if there.is_some() && (uid.is_none() || there == uid) {
                ground.world.delete_revision(Self::cluster(of));
            }
            Ok(())
        })
    }

    /// Creates a part of a cluster, from its revision. That it is there already is no failure.
    ///
    /// # Errors
    /// It is not, or not known to be, created.
    pub fn create(&mut self, of: Incarnation, which: Part) -> Result<(), CallError> {
        self.change(Call::Create(of, which), SILENT, |ground| {
            let (cluster, world) = (Self::cluster(of), &mut ground.world);
            let stands = |role| {
                let mut there = world.deployments.iter().filter(|d| !d.terminating);
                there.any(|d| (d.cluster, d.role) == (cluster, role))
            };
            match which {
                Part::JobManager if stands(Role::JobManager) => {}
                Part::TaskManager if stands(Role::TaskManager) => {}
                Part::Service if world.services.iter().any(|s| s.cluster == cluster) => {}
                Part::JobManager => {
                    world.create_deployment(cluster, Role::JobManager)?;
                }
                Part::TaskManager => {
                    world.create_deployment(cluster, Role::TaskManager)?;
                }
                Part::Service => {
                    world.create_service(cluster)?;
                }
            }
            Ok(())
        })
    }

    /// Deletes a part of a cluster in the foreground, if it has this UID.
    ///
    /// # Errors
    /// It is not, or not known to be, deleted.
    pub fn delete(
        &mut self,
        of: Incarnation,
        which: Part,
        uid: Option<Uid>,
    ) -> Result<(), CallError> {
        self.with_uid(uid, &Call::Delete(of, which));
        self.change(Call::Delete(of, which), SILENT, |ground| {
            let (cluster, world) = (Self::cluster(of), &mut ground.world);
            let meant = |there| uid.is_none_or(|uid| translate::uid_back(uid) == there);
            let deployments = world.deployments.iter().filter(|d| d.cluster == cluster);
            let named = deployments.filter(|d| part(d.role) == which && meant(d.uid));
            let deployments: Vec<_> = named.map(|d| d.uid).collect();
            deployments.into_iter().for_each(|uid| world.delete_deployment(uid));
            let services = world.services.iter().filter(|s| s.cluster == cluster && meant(s.uid));
            let services: Vec<_> = services.map(|s| s.uid).collect();
            if which == Part::Service {
                services.into_iter().for_each(|uid| world.delete_service(uid));
            }
            Ok(())
        })
    }

    /// Tells the pod with this UID to end, if there is one.
    ///
    /// # Errors
    /// It is not, or not known to be, told.
    pub fn delete_pod(&mut self, uid: Uid) -> Result<(), CallError> {
        self.change(Call::DeletePod(uid), SILENT, |ground| {
            ground.world.delete_pod(translate::uid_back(uid));
            Ok(())
        })
    }

    /// Points the resource's own Service at a cluster.
    ///
    /// # Errors
    /// It does not, or is not known to, point there.
    pub fn point_service(&mut self, at: Incarnation) -> Result<(), CallError> {
        self.change(Call::PointService(at), SILENT, |ground| {
            ground.world.point_service(Self::cluster(at));
            Ok(())
        })
    }

    /// Deletes the object that owns all others: Kubernetes takes them with it.
    ///
    /// # Errors
    /// It is not, or not known to be, deleted.
    pub fn delete_owner(&mut self) -> Result<(), CallError> {
        self.change(Call::DeleteOwner, SILENT, |ground| {
            ground.world.remove_finalizer(APP);
            Ok(())
        })
    }

    /// Without its UID a delete takes whatever has come in its place.
    fn with_uid(&mut self, uid: Option<Uid>, call: &Call) {
        if uid.is_none() {
            self.broken(rules::UID_PRECONDITION, format!("{call:?} names no UID"));
        }
    }
}

fn part(role: Role) -> Part {
    match role {
        Role::JobManager => Part::JobManager,
        Role::TaskManager => Part::TaskManager,
    }
}
