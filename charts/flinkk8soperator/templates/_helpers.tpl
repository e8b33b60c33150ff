{{/* The name of what the chart makes: the release's, with the chart's in it. The longest ending, `-metrics`, fits behind it. */}}
{{- define "flinkk8soperator.fullname" -}}
{{- $name := ternary .Release.Name (printf "%s-%s" .Release.Name .Chart.Name) (contains .Chart.Name .Release.Name) -}}
{{- default $name .Values.fullnameOverride | trunc 55 | trimSuffix "-" -}}
{{- end }}

{{/* The name of the operator's account. */}}
{{- define "flinkk8soperator.serviceAccountName" -}}
{{- default (ternary (include "flinkk8soperator.fullname" .) "default" .Values.serviceAccount.create) .Values.serviceAccount.name -}}
{{- end }}

{{/* The labels of all that the chart makes. By app.kubernetes.io/name the operator tells its own pods. */}}
{{- define "flinkk8soperator.labels" -}}
{{- with .Values.commonLabels }}
{{- toYaml . }}
{{ end -}}
app.kubernetes.io/name: flinkk8soperator
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version | replace "+" "_" }}
{{- end }}

{{/* What the operator's pods are selected by; of a Deployment that exists it cannot be changed. */}}
{{- define "flinkk8soperator.selectorLabels" -}}
{{- with .Values.selectorLabels }}
{{- toYaml . }}
{{- else -}}
app.kubernetes.io/name: flinkk8soperator
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}
{{- end }}

{{/* The name of the ConfigMap with the settings. */}}
{{- define "flinkk8soperator.configMapName" -}}
{{- default (include "flinkk8soperator.fullname" .) .Values.configMap.name -}}
{{- end }}

{{/* A setting of the section operator, by its name in small letters: the operator does not mind their case. */}}
{{- define "flinkk8soperator.setting" -}}
{{- range $key, $value := .operator }}
{{- if eq (lower $key) $.key }}{{ $value }}{{ end }}
{{- end }}
{{- end }}

{{/* The port of metrics and health. */}}
{{- define "flinkk8soperator.port" -}}
{{- include "flinkk8soperator.setting" (dict "operator" .Values.config.operator "key" "profilerport") | default 10254 | int -}}
{{- end }}

{{/* The image, by its digest or its tag. */}}
{{- define "flinkk8soperator.image" -}}
{{- with .Values.image -}}
{{- $name := ternary (printf "%s/%s" .registry .repository) .repository (ne .registry "") -}}
{{- if .digest }}{{ $name }}@{{ .digest }}{{ else }}{{ $name }}:{{ .tag | default $.Chart.AppVersion }}{{ end -}}
{{- end -}}
{{- end }}

{{/* A setting of the section operator.leaderElection, by its name in small letters. */}}
{{- define "flinkk8soperator.electionSetting" -}}
{{- range $section, $settings := .operator }}
{{- if and (eq (lower $section) "leaderelection") (kindIs "map" $settings) }}
{{- include "flinkk8soperator.setting" (dict "operator" $settings "key" $.key) }}
{{- end }}
{{- end }}
{{- end }}

{{/* Whether the settings have one of several replicas elected: true unless they say false. */}}
{{- define "flinkk8soperator.elects" -}}
{{- include "flinkk8soperator.electionSetting" (dict "operator" .Values.config.operator "key" "enabled") | default "true" }}
{{- end }}

{{/* The name of the Lease, by the settings. */}}
{{- define "flinkk8soperator.leaseName" -}}
{{- include "flinkk8soperator.electionSetting" (dict "operator" .Values.config.operator "key" "leasename") | default "flinkk8soperator" }}
{{- end }}

{{/* The settings: those of the values, and the namespaces. Empty namespaces: all. */}}
{{- define "flinkk8soperator.config" -}}
operator:
  limitNamespace: {{ join "," .Values.watchNamespaces | quote }}
  {{- with .Values.config.operator }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- with .Values.config.logger }}
logger:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{/* The constraints of the pods' spread, each with the operator's pods where it selects none itself. */}}
{{- define "flinkk8soperator.spread" -}}
{{- $ours := dict "labelSelector" (dict "matchLabels" (include "flinkk8soperator.selectorLabels" . | fromYaml)) }}
{{- $constraints := list }}
{{- range .Values.topologySpreadConstraints }}
{{- $constraints = append $constraints (merge (deepCopy .) $ours) }}
{{- end }}
{{- toYaml $constraints }}
{{- end }}
