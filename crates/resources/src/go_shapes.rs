//! The Go structs whose JSON is part of a rendered object, as tables for `go_json`: a closed set.
//!
//! First the reference operator's own `spec`, then the Kubernetes types below it, which are those of
//! k8s.io/api v0.24.2 (listed by reflection over that module): what a later Kubernetes added is not
//! known to the reference operator, and so neither hashed nor rendered.

use crate::go_json::Shape::{
    self, Any, Bool, Float, Integer, List, Map, Quantity, Struct, Text, Time,
};
use crate::go_json::{always, nullable, optional, pointer};

pub(crate) static FLINK_APPLICATION_SPEC: Shape = Struct(&[
    optional("image", &Text),
    optional("imagePullPolicy", &Text),
    optional("imagePullSecrets", &List(&LOCAL_OBJECT_REFERENCE)),
    optional("serviceAccountName", &Text),
    pointer("securityContext", &POD_SECURITY_CONTEXT),
    always("flinkConfig", &Map(&Any)),
    always("flinkVersion", &Text),
    always("taskManagerConfig", &TASK_MANAGER_CONFIG),
    always("jobManagerConfig", &JOB_MANAGER_CONFIG),
    always("jarName", &Text),
    always("parallelism", &Integer),
    optional("entryClass", &Text),
    optional("programArgs", &Text),
    always("savepointInfo", &SAVEPOINT_INFO),
    optional("savepointPath", &Text),
    always("savepointDisabled", &Bool),
    optional("deploymentMode", &Text),
    pointer("rpcPort", &Integer),
    pointer("blobPort", &Integer),
    pointer("queryPort", &Integer),
    pointer("uiPort", &Integer),
    pointer("metricsQueryPort", &Integer),
    optional("volumes", &List(&VOLUME)),
    optional("volumeMounts", &List(&VOLUME_MOUNT)),
    always("restartNonce", &Text),
    optional("deleteMode", &Text),
    optional("scaleMode", &Text),
    optional("allowNonRestoredState", &Bool),
    always("forceRollback", &Bool),
    pointer("maxCheckpointRestoreAgeSeconds", &Integer),
    optional("tearDownVersionHash", &Text),
    always("fallbackWithoutState", &Bool),
]);
static JOB_MANAGER_CONFIG: Shape = Struct(&[
    pointer("resources", &RESOURCE_REQUIREMENTS),
    always("envConfig", &ENV_CONFIG),
    pointer("replicas", &Integer),
    pointer("offHeapMemoryFraction", &Float),
    pointer("systemMemoryFraction", &Float),
    optional("nodeSelector", &Map(&Text)),
    optional("tolerations", &List(&TOLERATION)),
    pointer("affinity", &AFFINITY),
]);
static TASK_MANAGER_CONFIG: Shape = Struct(&[
    pointer("resources", &RESOURCE_REQUIREMENTS),
    always("envConfig", &ENV_CONFIG),
    pointer("taskSlots", &Integer),
    pointer("offHeapMemoryFraction", &Float),
    pointer("systemMemoryFraction", &Float),
    optional("nodeSelector", &Map(&Text)),
    optional("tolerations", &List(&TOLERATION)),
    pointer("affinity", &AFFINITY),
]);
static ENV_CONFIG: Shape =
    Struct(&[optional("envFrom", &List(&ENV_FROM_SOURCE)), optional("env", &List(&ENV_VAR))]);
static SAVEPOINT_INFO: Shape = Struct(&[optional("savepointLocation", &Text)]);

static LOCAL_OBJECT_REFERENCE: Shape = Struct(&[optional("name", &Text)]);
static SE_LINUX_OPTIONS: Shape = Struct(&[
    optional("user", &Text),
    optional("role", &Text),
    optional("type", &Text),
    optional("level", &Text),
]);
static WINDOWS_SECURITY_CONTEXT_OPTIONS: Shape = Struct(&[
    pointer("gmsaCredentialSpecName", &Text),
    pointer("gmsaCredentialSpec", &Text),
    pointer("runAsUserName", &Text),
    pointer("hostProcess", &Bool),
]);
static SYSCTL: Shape = Struct(&[always("name", &Text), always("value", &Text)]);
static SECCOMP_PROFILE: Shape =
    Struct(&[always("type", &Text), pointer("localhostProfile", &Text)]);
static POD_SECURITY_CONTEXT: Shape = Struct(&[
    pointer("seLinuxOptions", &SE_LINUX_OPTIONS),
    pointer("windowsOptions", &WINDOWS_SECURITY_CONTEXT_OPTIONS),
    pointer("runAsUser", &Integer),
    pointer("runAsGroup", &Integer),
    pointer("runAsNonRoot", &Bool),
    optional("supplementalGroups", &List(&Integer)),
    pointer("fsGroup", &Integer),
    optional("sysctls", &List(&SYSCTL)),
    pointer("fsGroupChangePolicy", &Text),
    pointer("seccompProfile", &SECCOMP_PROFILE),
]);
static RESOURCE_REQUIREMENTS: Shape =
    Struct(&[optional("limits", &Map(&Quantity)), optional("requests", &Map(&Quantity))]);
static OBJECT_FIELD_SELECTOR: Shape =
    Struct(&[optional("apiVersion", &Text), always("fieldPath", &Text)]);
static RESOURCE_FIELD_SELECTOR: Shape = Struct(&[
    optional("containerName", &Text),
    always("resource", &Text),
    always("divisor", &Quantity),
]);
static CONFIG_MAP_KEY_SELECTOR: Shape =
    Struct(&[optional("name", &Text), always("key", &Text), pointer("optional", &Bool)]);
static SECRET_KEY_SELECTOR: Shape =
    Struct(&[optional("name", &Text), always("key", &Text), pointer("optional", &Bool)]);
static ENV_VAR_SOURCE: Shape = Struct(&[
    pointer("fieldRef", &OBJECT_FIELD_SELECTOR),
    pointer("resourceFieldRef", &RESOURCE_FIELD_SELECTOR),
    pointer("configMapKeyRef", &CONFIG_MAP_KEY_SELECTOR),
    pointer("secretKeyRef", &SECRET_KEY_SELECTOR),
]);
static ENV_VAR: Shape = Struct(&[
    always("name", &Text),
    optional("value", &Text),
    pointer("valueFrom", &ENV_VAR_SOURCE),
]);
static CONFIG_MAP_ENV_SOURCE: Shape =
    Struct(&[optional("name", &Text), pointer("optional", &Bool)]);
static SECRET_ENV_SOURCE: Shape = Struct(&[optional("name", &Text), pointer("optional", &Bool)]);
static ENV_FROM_SOURCE: Shape = Struct(&[
    optional("prefix", &Text),
    pointer("configMapRef", &CONFIG_MAP_ENV_SOURCE),
    pointer("secretRef", &SECRET_ENV_SOURCE),
]);
static TOLERATION: Shape = Struct(&[
    optional("key", &Text),
    optional("operator", &Text),
    optional("value", &Text),
    optional("effect", &Text),
    pointer("tolerationSeconds", &Integer),
]);
static NODE_SELECTOR_REQUIREMENT: Shape =
    Struct(&[always("key", &Text), always("operator", &Text), optional("values", &List(&Text))]);
static NODE_SELECTOR_TERM: Shape = Struct(&[
    optional("matchExpressions", &List(&NODE_SELECTOR_REQUIREMENT)),
    optional("matchFields", &List(&NODE_SELECTOR_REQUIREMENT)),
]);
static NODE_SELECTOR: Shape = Struct(&[always("nodeSelectorTerms", &List(&NODE_SELECTOR_TERM))]);
static PREFERRED_SCHEDULING_TERM: Shape =
    Struct(&[always("weight", &Integer), always("preference", &NODE_SELECTOR_TERM)]);
static NODE_AFFINITY: Shape = Struct(&[
    pointer("requiredDuringSchedulingIgnoredDuringExecution", &NODE_SELECTOR),
    optional("preferredDuringSchedulingIgnoredDuringExecution", &List(&PREFERRED_SCHEDULING_TERM)),
]);
static LABEL_SELECTOR_REQUIREMENT: Shape =
    Struct(&[always("key", &Text), always("operator", &Text), optional("values", &List(&Text))]);
static LABEL_SELECTOR: Shape = Struct(&[
    optional("matchLabels", &Map(&Text)),
    optional("matchExpressions", &List(&LABEL_SELECTOR_REQUIREMENT)),
]);
static POD_AFFINITY_TERM: Shape = Struct(&[
    pointer("labelSelector", &LABEL_SELECTOR),
    optional("namespaces", &List(&Text)),
    always("topologyKey", &Text),
    pointer("namespaceSelector", &LABEL_SELECTOR),
]);
static WEIGHTED_POD_AFFINITY_TERM: Shape =
    Struct(&[always("weight", &Integer), always("podAffinityTerm", &POD_AFFINITY_TERM)]);
static POD_AFFINITY: Shape = Struct(&[
    optional("requiredDuringSchedulingIgnoredDuringExecution", &List(&POD_AFFINITY_TERM)),
    optional("preferredDuringSchedulingIgnoredDuringExecution", &List(&WEIGHTED_POD_AFFINITY_TERM)),
]);
static POD_ANTI_AFFINITY: Shape = Struct(&[
    optional("requiredDuringSchedulingIgnoredDuringExecution", &List(&POD_AFFINITY_TERM)),
    optional("preferredDuringSchedulingIgnoredDuringExecution", &List(&WEIGHTED_POD_AFFINITY_TERM)),
]);
static AFFINITY: Shape = Struct(&[
    pointer("nodeAffinity", &NODE_AFFINITY),
    pointer("podAffinity", &POD_AFFINITY),
    pointer("podAntiAffinity", &POD_ANTI_AFFINITY),
]);
static VOLUME_MOUNT: Shape = Struct(&[
    always("name", &Text),
    optional("readOnly", &Bool),
    always("mountPath", &Text),
    optional("subPath", &Text),
    pointer("mountPropagation", &Text),
    optional("subPathExpr", &Text),
]);
static HOST_PATH_VOLUME_SOURCE: Shape = Struct(&[always("path", &Text), pointer("type", &Text)]);
static EMPTY_DIR_VOLUME_SOURCE: Shape =
    Struct(&[optional("medium", &Text), pointer("sizeLimit", &Quantity)]);
static GCE_PERSISTENT_DISK_VOLUME_SOURCE: Shape = Struct(&[
    always("pdName", &Text),
    optional("fsType", &Text),
    optional("partition", &Integer),
    optional("readOnly", &Bool),
]);
static AWS_ELASTIC_BLOCK_STORE_VOLUME_SOURCE: Shape = Struct(&[
    always("volumeID", &Text),
    optional("fsType", &Text),
    optional("partition", &Integer),
    optional("readOnly", &Bool),
]);
static GIT_REPO_VOLUME_SOURCE: Shape = Struct(&[
    always("repository", &Text),
    optional("revision", &Text),
    optional("directory", &Text),
]);
static KEY_TO_PATH: Shape =
    Struct(&[always("key", &Text), always("path", &Text), pointer("mode", &Integer)]);
static SECRET_VOLUME_SOURCE: Shape = Struct(&[
    optional("secretName", &Text),
    optional("items", &List(&KEY_TO_PATH)),
    pointer("defaultMode", &Integer),
    pointer("optional", &Bool),
]);
static NFS_VOLUME_SOURCE: Shape =
    Struct(&[always("server", &Text), always("path", &Text), optional("readOnly", &Bool)]);
static ISCSI_VOLUME_SOURCE: Shape = Struct(&[
    always("targetPortal", &Text),
    always("iqn", &Text),
    always("lun", &Integer),
    optional("iscsiInterface", &Text),
    optional("fsType", &Text),
    optional("readOnly", &Bool),
    optional("portals", &List(&Text)),
    optional("chapAuthDiscovery", &Bool),
    optional("chapAuthSession", &Bool),
    pointer("secretRef", &LOCAL_OBJECT_REFERENCE),
    pointer("initiatorName", &Text),
]);
static GLUSTERFS_VOLUME_SOURCE: Shape =
    Struct(&[always("endpoints", &Text), always("path", &Text), optional("readOnly", &Bool)]);
static PERSISTENT_VOLUME_CLAIM_VOLUME_SOURCE: Shape =
    Struct(&[always("claimName", &Text), optional("readOnly", &Bool)]);
static RBD_VOLUME_SOURCE: Shape = Struct(&[
    always("monitors", &List(&Text)),
    always("image", &Text),
    optional("fsType", &Text),
    optional("pool", &Text),
    optional("user", &Text),
    optional("keyring", &Text),
    pointer("secretRef", &LOCAL_OBJECT_REFERENCE),
    optional("readOnly", &Bool),
]);
static FLEX_VOLUME_SOURCE: Shape = Struct(&[
    always("driver", &Text),
    optional("fsType", &Text),
    pointer("secretRef", &LOCAL_OBJECT_REFERENCE),
    optional("readOnly", &Bool),
    optional("options", &Map(&Text)),
]);
static CINDER_VOLUME_SOURCE: Shape = Struct(&[
    always("volumeID", &Text),
    optional("fsType", &Text),
    optional("readOnly", &Bool),
    pointer("secretRef", &LOCAL_OBJECT_REFERENCE),
]);
static CEPH_FS_VOLUME_SOURCE: Shape = Struct(&[
    always("monitors", &List(&Text)),
    optional("path", &Text),
    optional("user", &Text),
    optional("secretFile", &Text),
    pointer("secretRef", &LOCAL_OBJECT_REFERENCE),
    optional("readOnly", &Bool),
]);
static FLOCKER_VOLUME_SOURCE: Shape =
    Struct(&[optional("datasetName", &Text), optional("datasetUUID", &Text)]);
static DOWNWARD_API_VOLUME_FILE: Shape = Struct(&[
    always("path", &Text),
    pointer("fieldRef", &OBJECT_FIELD_SELECTOR),
    pointer("resourceFieldRef", &RESOURCE_FIELD_SELECTOR),
    pointer("mode", &Integer),
]);
static DOWNWARD_API_VOLUME_SOURCE: Shape = Struct(&[
    optional("items", &List(&DOWNWARD_API_VOLUME_FILE)),
    pointer("defaultMode", &Integer),
]);
static FC_VOLUME_SOURCE: Shape = Struct(&[
    optional("targetWWNs", &List(&Text)),
    pointer("lun", &Integer),
    optional("fsType", &Text),
    optional("readOnly", &Bool),
    optional("wwids", &List(&Text)),
]);
static AZURE_FILE_VOLUME_SOURCE: Shape =
    Struct(&[always("secretName", &Text), always("shareName", &Text), optional("readOnly", &Bool)]);
static CONFIG_MAP_VOLUME_SOURCE: Shape = Struct(&[
    optional("name", &Text),
    optional("items", &List(&KEY_TO_PATH)),
    pointer("defaultMode", &Integer),
    pointer("optional", &Bool),
]);
static VSPHERE_VIRTUAL_DISK_VOLUME_SOURCE: Shape = Struct(&[
    always("volumePath", &Text),
    optional("fsType", &Text),
    optional("storagePolicyName", &Text),
    optional("storagePolicyID", &Text),
]);
static QUOBYTE_VOLUME_SOURCE: Shape = Struct(&[
    always("registry", &Text),
    always("volume", &Text),
    optional("readOnly", &Bool),
    optional("user", &Text),
    optional("group", &Text),
    optional("tenant", &Text),
]);
static AZURE_DISK_VOLUME_SOURCE: Shape = Struct(&[
    always("diskName", &Text),
    always("diskURI", &Text),
    pointer("cachingMode", &Text),
    pointer("fsType", &Text),
    pointer("readOnly", &Bool),
    pointer("kind", &Text),
]);
static PHOTON_PERSISTENT_DISK_VOLUME_SOURCE: Shape =
    Struct(&[always("pdID", &Text), optional("fsType", &Text)]);
static SECRET_PROJECTION: Shape = Struct(&[
    optional("name", &Text),
    optional("items", &List(&KEY_TO_PATH)),
    pointer("optional", &Bool),
]);
static DOWNWARD_API_PROJECTION: Shape =
    Struct(&[optional("items", &List(&DOWNWARD_API_VOLUME_FILE))]);
static CONFIG_MAP_PROJECTION: Shape = Struct(&[
    optional("name", &Text),
    optional("items", &List(&KEY_TO_PATH)),
    pointer("optional", &Bool),
]);
static SERVICE_ACCOUNT_TOKEN_PROJECTION: Shape = Struct(&[
    optional("audience", &Text),
    pointer("expirationSeconds", &Integer),
    always("path", &Text),
]);
static VOLUME_PROJECTION: Shape = Struct(&[
    pointer("secret", &SECRET_PROJECTION),
    pointer("downwardAPI", &DOWNWARD_API_PROJECTION),
    pointer("configMap", &CONFIG_MAP_PROJECTION),
    pointer("serviceAccountToken", &SERVICE_ACCOUNT_TOKEN_PROJECTION),
]);
static PROJECTED_VOLUME_SOURCE: Shape =
    Struct(&[always("sources", &List(&VOLUME_PROJECTION)), pointer("defaultMode", &Integer)]);
static PORTWORX_VOLUME_SOURCE: Shape =
    Struct(&[always("volumeID", &Text), optional("fsType", &Text), optional("readOnly", &Bool)]);
static SCALE_IO_VOLUME_SOURCE: Shape = Struct(&[
    always("gateway", &Text),
    always("system", &Text),
    nullable("secretRef", &LOCAL_OBJECT_REFERENCE),
    optional("sslEnabled", &Bool),
    optional("protectionDomain", &Text),
    optional("storagePool", &Text),
    optional("storageMode", &Text),
    optional("volumeName", &Text),
    optional("fsType", &Text),
    optional("readOnly", &Bool),
]);
static STORAGE_OS_VOLUME_SOURCE: Shape = Struct(&[
    optional("volumeName", &Text),
    optional("volumeNamespace", &Text),
    optional("fsType", &Text),
    optional("readOnly", &Bool),
    pointer("secretRef", &LOCAL_OBJECT_REFERENCE),
]);
static CSI_VOLUME_SOURCE: Shape = Struct(&[
    always("driver", &Text),
    pointer("readOnly", &Bool),
    pointer("fsType", &Text),
    optional("volumeAttributes", &Map(&Text)),
    pointer("nodePublishSecretRef", &LOCAL_OBJECT_REFERENCE),
]);
static OWNER_REFERENCE: Shape = Struct(&[
    always("apiVersion", &Text),
    always("kind", &Text),
    always("name", &Text),
    always("uid", &Text),
    pointer("controller", &Bool),
    pointer("blockOwnerDeletion", &Bool),
]);
static MANAGED_FIELDS_ENTRY: Shape = Struct(&[
    optional("manager", &Text),
    optional("operation", &Text),
    optional("apiVersion", &Text),
    pointer("time", &Time),
    optional("fieldsType", &Text),
    pointer("fieldsV1", &Any),
    optional("subresource", &Text),
]);
static OBJECT_META: Shape = Struct(&[
    optional("name", &Text),
    optional("generateName", &Text),
    optional("namespace", &Text),
    optional("selfLink", &Text),
    optional("uid", &Text),
    optional("resourceVersion", &Text),
    optional("generation", &Integer),
    always("creationTimestamp", &Time),
    pointer("deletionTimestamp", &Time),
    pointer("deletionGracePeriodSeconds", &Integer),
    optional("labels", &Map(&Text)),
    optional("annotations", &Map(&Text)),
    optional("ownerReferences", &List(&OWNER_REFERENCE)),
    optional("finalizers", &List(&Text)),
    optional("clusterName", &Text),
    optional("managedFields", &List(&MANAGED_FIELDS_ENTRY)),
]);
static TYPED_LOCAL_OBJECT_REFERENCE: Shape =
    Struct(&[nullable("apiGroup", &Text), always("kind", &Text), always("name", &Text)]);
static PERSISTENT_VOLUME_CLAIM_SPEC: Shape = Struct(&[
    optional("accessModes", &List(&Text)),
    pointer("selector", &LABEL_SELECTOR),
    always("resources", &RESOURCE_REQUIREMENTS),
    optional("volumeName", &Text),
    pointer("storageClassName", &Text),
    pointer("volumeMode", &Text),
    pointer("dataSource", &TYPED_LOCAL_OBJECT_REFERENCE),
    pointer("dataSourceRef", &TYPED_LOCAL_OBJECT_REFERENCE),
]);
static PERSISTENT_VOLUME_CLAIM_TEMPLATE: Shape =
    Struct(&[always("metadata", &OBJECT_META), always("spec", &PERSISTENT_VOLUME_CLAIM_SPEC)]);
static EPHEMERAL_VOLUME_SOURCE: Shape =
    Struct(&[pointer("volumeClaimTemplate", &PERSISTENT_VOLUME_CLAIM_TEMPLATE)]);
static VOLUME: Shape = Struct(&[
    always("name", &Text),
    pointer("hostPath", &HOST_PATH_VOLUME_SOURCE),
    pointer("emptyDir", &EMPTY_DIR_VOLUME_SOURCE),
    pointer("gcePersistentDisk", &GCE_PERSISTENT_DISK_VOLUME_SOURCE),
    pointer("awsElasticBlockStore", &AWS_ELASTIC_BLOCK_STORE_VOLUME_SOURCE),
    pointer("gitRepo", &GIT_REPO_VOLUME_SOURCE),
    pointer("secret", &SECRET_VOLUME_SOURCE),
    pointer("nfs", &NFS_VOLUME_SOURCE),
    pointer("iscsi", &ISCSI_VOLUME_SOURCE),
    pointer("glusterfs", &GLUSTERFS_VOLUME_SOURCE),
    pointer("persistentVolumeClaim", &PERSISTENT_VOLUME_CLAIM_VOLUME_SOURCE),
    pointer("rbd", &RBD_VOLUME_SOURCE),
    pointer("flexVolume", &FLEX_VOLUME_SOURCE),
    pointer("cinder", &CINDER_VOLUME_SOURCE),
    pointer("cephfs", &CEPH_FS_VOLUME_SOURCE),
    pointer("flocker", &FLOCKER_VOLUME_SOURCE),
    pointer("downwardAPI", &DOWNWARD_API_VOLUME_SOURCE),
    pointer("fc", &FC_VOLUME_SOURCE),
    pointer("azureFile", &AZURE_FILE_VOLUME_SOURCE),
    pointer("configMap", &CONFIG_MAP_VOLUME_SOURCE),
    pointer("vsphereVolume", &VSPHERE_VIRTUAL_DISK_VOLUME_SOURCE),
    pointer("quobyte", &QUOBYTE_VOLUME_SOURCE),
    pointer("azureDisk", &AZURE_DISK_VOLUME_SOURCE),
    pointer("photonPersistentDisk", &PHOTON_PERSISTENT_DISK_VOLUME_SOURCE),
    pointer("projected", &PROJECTED_VOLUME_SOURCE),
    pointer("portworxVolume", &PORTWORX_VOLUME_SOURCE),
    pointer("scaleIO", &SCALE_IO_VOLUME_SOURCE),
    pointer("storageos", &STORAGE_OS_VOLUME_SOURCE),
    pointer("csi", &CSI_VOLUME_SOURCE),
    pointer("ephemeral", &EPHEMERAL_VOLUME_SOURCE),
]);
