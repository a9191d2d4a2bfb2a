{{/* Name of everything that is made: the release, with the chart's name where it does not say so. */}}
{{- define "valuebox.name" -}}
{{- if contains .Chart.Name .Release.Name -}}
{{- .Release.Name | trunc 52 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" (.Release.Name | trunc 43 | trimSuffix "-") .Chart.Name -}}
{{- end -}}
{{- end -}}

{{/* What pods of this release are found by. */}}
{{- define "valuebox.found" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "valuebox.labels" -}}
{{ include "valuebox.found" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end -}}

{{/* Nobody in particular, who may write to /tmp and to no other place of the image. */}}
{{- define "valuebox.pod" -}}
automountServiceAccountToken: false
enableServiceLinks: false
securityContext:
  runAsNonRoot: true
  runAsUser: 10001
  runAsGroup: 10001
  fsGroup: 10001
  fsGroupChangePolicy: OnRootMismatch
  seccompProfile: {type: RuntimeDefault}
{{- with .Values.pullSecrets }}
imagePullSecrets:
{{- range . }}
  - name: {{ . }}
{{- end }}
{{- end }}
{{- with .Values.nodeSelector }}
nodeSelector: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{- define "valuebox.container" -}}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: {drop: [ALL]}
{{- end -}}

{{/* Settings of the service and of every command. */}}
{{- define "valuebox.environment" -}}
- name: DATABASE_URL
  value: {{ .Values.database.url | quote }}
- name: PGPASSWORD
  valueFrom:
    secretKeyRef: {name: {{ .Values.secret.name }}, key: {{ .Values.secret.password }}}
{{- range $name, $value := .Values.settings }}
- name: {{ $name }}
  value: {{ $value | quote }}
{{- end }}
{{- end -}}

{{/* The pod of a command; takes `root`, `command` and `learns`. */}}
{{- define "valuebox.command" -}}
restartPolicy: Never
{{ include "valuebox.pod" .root }}
containers:
  - name: valuebox
    image: "{{ .root.Values.tools.repository }}:{{ .root.Values.tools.tag }}"
    imagePullPolicy: {{ .root.Values.tools.pullPolicy }}
    args: {{- toYaml .command | nindent 6 }}
    env:
      {{- include "valuebox.environment" .root | nindent 6 }}
      {{- if .learns }}
      - name: BENTOML_HOME
        value: /models
      {{- end }}
    resources: {{- toYaml .root.Values.jobResources | nindent 6 }}
    {{- include "valuebox.container" .root | nindent 4 }}
    volumeMounts:
      - {name: scratch, mountPath: /tmp}
      {{- if .learns }}
      - {name: models, mountPath: /models}
      {{- end }}
volumes:
  - name: scratch
    emptyDir: {}
  {{- if .learns }}
  - name: models
    persistentVolumeClaim: {claimName: {{ .root.Values.models.claim }}}
  {{- end }}
{{- end -}}
