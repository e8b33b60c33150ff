{{/* The rights on applications and what is made for them: docs/operations/permissions.md has the same, and tests compare. */}}
{{- define "flinkk8soperator.rules" -}}
- apiGroups: [flink.k8s.io]
  resources: [flinkapplications]
  verbs: [get, list, watch, patch]
- apiGroups: [flink.k8s.io]
  resources: [flinkapplications/status]
  verbs: [update]
- apiGroups: [apps]
  resources: [deployments]
  verbs: [get, list, watch, create, patch, delete]
- apiGroups: [apps]
  resources: [controllerrevisions]
  verbs: [get, list, create, delete]
- apiGroups: [""]
  resources: [services]
  verbs: [get, list, watch, create, patch, delete]
- apiGroups: [""]
  resources: [pods]
  verbs: [list, watch, patch, delete]
- apiGroups: [""]
  resources: [events]
  verbs: [create, patch]
{{- if or .Values.rbac.ingresses (include "flinkk8soperator.setting" (dict "operator" .Values.config.operator "key" "ingressurlformat")) }}
# Only needed where operator.ingressUrlFormat is set.
- apiGroups: [networking.k8s.io]
  resources: [ingresses]
  verbs: [get, list, watch, create, patch, delete]
{{- end }}
{{- if .Values.rbac.kubernetesHighAvailability }}
# Only needed for applications with high availability on Kubernetes.
- apiGroups: [""]
  resources: [configmaps]
  verbs: [list, patch, deletecollection]
{{- end }}
{{- if .Values.rbac.ownerReferencesPermissionEnforcement }}
# Only needed where the admission plugin OwnerReferencesPermissionEnforcement runs.
- apiGroups: [flink.k8s.io]
  resources: [flinkapplications/finalizers]
  verbs: [update]
- apiGroups: [""]
  resources: [configmaps]
  verbs: [delete]
{{- end }}
{{- if eq (lower (include "flinkk8soperator.setting" (dict "operator" .Values.config.operator "key" "flinkaccess"))) "apiserver" }}
# Only needed where operator.flinkAccess is apiServer.
- apiGroups: [""]
  resources: [pods/proxy]
  verbs: [get, create, update, patch]
{{- end }}
{{- end }}

{{/* A role's binding to the operator's account, with the kind and name of the role. */}}
{{- define "flinkk8soperator.binding" -}}
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: {{ .kind }}
  name: {{ .name }}
subjects:
  - kind: ServiceAccount
    name: {{ include "flinkk8soperator.serviceAccountName" .root }}
    namespace: {{ .root.Release.Namespace }}
{{- end }}
