{{- define "album-enricher.name" -}}
{{- .Values.nameOverride | default .Chart.Name | trunc 40 | trimSuffix "-" -}}
{{- end -}}

{{/* Short enough that a deployment's or job's name still fits after it in the 63 characters of a label. */}}
{{- define "album-enricher.fullname" -}}
{{- $name := include "album-enricher.name" . -}}
{{- $full := ternary .Release.Name (printf "%s-%s" .Release.Name $name) (contains $name .Release.Name) -}}
{{- .Values.fullnameOverride | default $full | trunc 40 | trimSuffix "-" -}}
{{- end -}}

{{/* Never the chart's version: a selector cannot be changed, so the next upgrade would be refused. */}}
{{- define "album-enricher.selectorLabels" -}}
app.kubernetes.io/name: {{ include "album-enricher.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "album-enricher.labels" -}}
{{ include "album-enricher.selectorLabels" . }}
app.kubernetes.io/version: {{ .Values.image.tag | default .Chart.AppVersion | trunc 63 | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{- end -}}

{{- define "album-enricher.image" -}}
{{- if .Values.image.digest -}}
{{ .Values.image.repository }}@{{ .Values.image.digest }}
{{- else -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end -}}
{{- end -}}

{{- define "album-enricher.metricsPort" -}}
{{ .Values.settings.METRICS_PORT | default 9464 }}
{{- end -}}

{{/* Of one deployment; 0 is a number of its own, which `default` would not see. */}}
{{- define "album-enricher.replicas" -}}
{{- ternary .replicas 2 (hasKey . "replicas") -}}
{{- end -}}

{{/* The image's own folder for it. */}}
{{- define "album-enricher.artworkStore" -}}
{{ .Values.settings.ARTWORK_STORE | default "/var/lib/album-enricher/artwork" }}
{{- end -}}

{{- define "album-enricher.keepsArtwork" -}}
{{- if eq (.Values.settings.ARTWORK | default "download") "download" }}true{{ end -}}
{{- end -}}

{{/* Whether the list's second, a variable, is one of extraEnv. */}}
{{- define "album-enricher.hasExtraEnv" -}}
{{- $name := index . 1 -}}
{{- range (index . 0).Values.extraEnv }}{{ if or (eq .name $name) (eq .name (printf "%s_FILE" $name)) }}true{{ end }}{{ end -}}
{{- end -}}

{{- define "album-enricher.hasCaBundle" -}}
{{- if or .Values.caBundle.configMap .Values.caBundle.secret }}true{{ end -}}
{{- end -}}

{{- define "album-enricher.volumes" -}}
{{- if include "album-enricher.hasCaBundle" . }}
- name: ca-bundle
  {{- if .Values.caBundle.secret }}
  secret:
    secretName: {{ .Values.caBundle.secret }}
  {{- else }}
  configMap:
    name: {{ .Values.caBundle.configMap }}
  {{- end }}
{{- end }}
{{- with .Values.extraVolumes }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "album-enricher.volumeMounts" -}}
{{- if include "album-enricher.hasCaBundle" . }}
- name: ca-bundle
  mountPath: /etc/album-enricher/ca
  readOnly: true
{{- end }}
{{- with .Values.extraVolumeMounts }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* Everything that is missing at once, as the service itself does: the schema alone would tell of one after the other. */}}
{{- define "album-enricher.check" -}}
{{- $settings := .Values.settings -}}
{{- $secrets := .Values.secrets -}}
{{- $mistakes := list -}}
{{- if not .Values.image.repository -}}
  {{- $mistakes = append $mistakes "image.repository: is not set, wants the repository that you pushed the image to" -}}
{{- end -}}
{{- $plain := list "KAFKA_BROKERS" "SCHEMA_REGISTRY_URL" "AMAZON_PARTNER_TAG" "AMAZON_CREDENTIAL_ID" -}}
{{- if ne ($settings.AMAZON_API | default "creators") "paapi" -}}
  {{- $plain = append $plain "AMAZON_CREDENTIAL_VERSION" -}}
{{- end -}}
{{- range $plain -}}
  {{- if not (or (hasKey $settings .) (hasKey $secrets .) (hasKey $settings (printf "%s_FILE" .)) $.Values.envFrom (include "album-enricher.hasExtraEnv" (list $ .))) -}}
    {{- $mistakes = append $mistakes (printf "settings.%s: is not set" .) -}}
  {{- end -}}
{{- end -}}
{{- $hidden := list "DATABASE_URL" "AMAZON_CREDENTIAL_SECRET" -}}
{{- if ne ($settings.MODEL_USE | default "open") "never" -}}
  {{- $hidden = append $hidden "OPENAI_API_KEY" -}}
{{- end -}}
{{- range $hidden -}}
  {{- if not (or (hasKey $secrets .) (hasKey $settings (printf "%s_FILE" .)) $.Values.envFrom (include "album-enricher.hasExtraEnv" (list $ .))) -}}
    {{- $mistakes = append $mistakes (printf "secrets.%s: is not set, wants {name, key} of an existing Secret" .) -}}
  {{- end -}}
{{- end -}}
{{- range $name, $_ := $secrets -}}
  {{- if hasKey $settings $name -}}
    {{- $mistakes = append $mistakes (printf "%s: is in settings and in secrets, wants one of them" $name) -}}
  {{- end -}}
{{- end -}}
{{- if and .Values.caBundle.configMap .Values.caBundle.secret -}}
  {{- $mistakes = append $mistakes "caBundle: names a configMap and a secret, wants one of them" -}}
{{- end -}}
{{- if and .Values.serviceAccountName .Values.serviceAccount.create -}}
  {{- $mistakes = append $mistakes "serviceAccount.create: is true, and serviceAccountName names one that exists: wants one of them" -}}
{{- end -}}
{{- if and (include "album-enricher.keepsArtwork" .) (not .Values.artwork.existingClaim) (not .Values.artwork.emptyDir) -}}
  {{- $mistakes = append $mistakes "artwork.existingClaim: is not set, wants a PersistentVolumeClaim; else artwork.emptyDir: true (lost with the pod) or settings.ARTWORK: link" -}}
{{- end -}}
{{- $roles := list -}}
{{- range $_, $deployment := .Values.deployments -}}
  {{- $roles = concat $roles $deployment.roles -}}
{{- end -}}
{{- range list "intake" "worker" "relay" -}}
  {{- if not (has . $roles) -}}
    {{- $mistakes = append $mistakes (printf "deployments: none has the role %s, without which albums would wait for ever; wants one, with replicas: 0 if it runs elsewhere" .) -}}
  {{- end -}}
{{- end -}}
{{- if $mistakes -}}
  {{- fail (printf "%d wrong value(s):\n  %s" (len $mistakes) (join "\n  " $mistakes)) -}}
{{- end -}}
{{- end -}}

{{/* Written out in the pods, not in a ConfigMap: a changed setting so restarts them, and the setup hook, which runs before
     anything else is installed, has them too. */}}
{{- define "album-enricher.env" -}}
{{- range $name, $value := omit .Values.settings "ARTWORK_STORE" "METRICS_PORT" }}
- name: {{ $name }}
  value: {{ $value | quote }}
{{- end }}
- name: ARTWORK_STORE
  value: {{ include "album-enricher.artworkStore" . | quote }}
- name: METRICS_PORT
  value: {{ include "album-enricher.metricsPort" . | quote }}
{{- range $name, $secret := .Values.secrets }}
- name: {{ $name }}
  valueFrom:
    secretKeyRef:
      name: {{ $secret.name }}
      key: {{ $secret.key }}
{{- end }}
{{- if include "album-enricher.hasCaBundle" . }}
- name: EXTRA_CA
  value: /etc/album-enricher/ca/{{ .Values.caBundle.key }}
{{- end }}
{{- with .Values.extraEnv }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* The service's, but for what the setup job has from Secrets of its own: of two variables of a name the last would count. */}}
{{- define "album-enricher.setupEnv" -}}
{{- $own := .Values.setup.secrets | default dict -}}
{{- $rest := omit .Values.settings -}}
{{- $replaced := keys $own -}}
{{- range keys $own }}{{ $replaced = append $replaced (printf "%s_FILE" .) }}{{ end -}}
{{- range $replaced }}{{ $rest = omit $rest . }}{{ end -}}
{{- $extra := list -}}
{{- range .Values.extraEnv }}{{ if not (has .name $replaced) }}{{ $extra = append $extra . }}{{ end }}{{ end -}}
{{- $secrets := merge (deepCopy $own) .Values.secrets -}}
{{- $values := merge (dict "settings" $rest "secrets" $secrets) (omit .Values "settings" "secrets" "extraEnv") (dict "extraEnv" $extra) -}}
{{- include "album-enricher.env" (dict "Values" $values) -}}
{{- end -}}

{{/* What the pods of the service and of the setup job have in common. */}}
{{- define "album-enricher.podSpec" -}}
automountServiceAccountToken: false
# Otherwise every Service of the namespace becomes a variable, and one named "kafka" would look like a setting.
enableServiceLinks: false
securityContext:
  runAsNonRoot: true
  {{- range $field := list "runAsUser" "runAsGroup" "fsGroup" }}
  {{- $id := index $.Values.podSecurityContext $field }}
  {{- if not (kindIs "invalid" $id) }}
  {{ $field }}: {{ int64 $id }}
  {{- end }}
  {{- end }}
  fsGroupChangePolicy: OnRootMismatch
  seccompProfile:
    type: RuntimeDefault
{{- if .Values.serviceAccount.create }}
serviceAccountName: {{ include "album-enricher.fullname" . }}
{{- else if .Values.serviceAccountName }}
serviceAccountName: {{ .Values.serviceAccountName }}
{{- end }}
{{- with .Values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- range $field := list "imagePullSecrets" "nodeSelector" "tolerations" "affinity" }}
{{- with index $.Values $field }}
{{ $field }}:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}
{{- end -}}

{{- define "album-enricher.containerSecurityContext" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end -}}
