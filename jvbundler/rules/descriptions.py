"""Descriptions of the rules whose problems are raised where a file is read, built or rendered."""

from __future__ import annotations

from jvbundler.rules.rule import Rule

YAML = "YAML 1.1, as PyYAML and jvagent read it"
FORMAT = "schemas/deploy.schema.json"
LOADING = "jvbundler: how deploy.yaml is loaded (docs/configuration.md)"
JVAGENT = "jvagent 0.1.7: how it loads agents and actions"

RAISED_ELSEWHERE: tuple[Rule, ...] = (
    Rule(
        "JVB100", "error", "File that cannot be read", "The operating system",
        "deploy.yaml does not exist, is a folder, or cannot be read.",
    ),
    Rule(
        "JVB101", "error", "Not YAML", YAML,
        "The text is not valid YAML: a tab in the indentation, a quote or bracket that is never closed, a"
        " `{{` or `${` that has to be quoted, an unknown tag.",
    ),
    Rule(
        "JVB102", "error", "Duplicate key", YAML,
        "One key is written twice in a map, of which YAML readers silently keep one, or it is given under its"
        " old name as well (JVB122).",
    ),
    Rule(
        "JVB103", "error", "Value that the format does not allow", FORMAT,
        "The value has the wrong type, is too small or too large, or does not match the pattern of its"
        " key. `jvbundler explain KEY` says what is allowed. The limits of the platforms are"
        " included: memory of a function (128 to 10,240 MB), its timeout (1 to 900 s), ephemeral storage (512"
        " to 10,240 MB), the mount path of EFS (`/mnt/…`), names of repositories, tags, namespaces and"
        " regions. A value is never repeated in the message: it may be a secret in the wrong place.",
    ),
    Rule(
        "JVB104", "error", "Unknown key", FORMAT,
        "The format has no such key here. The message names the key that was probably meant.",
    ),
    Rule(
        "JVB105", "error", "Variable that is not set", LOADING,
        "`${NAME}` is read from the environment of the process that renders, and NAME is not set there,"
        " or the reference is malformed. `${NAME:-default}` has a default, and `$${` is a literal `${`. A"
        " secret needs no value: its name is enough.",
    ),
    Rule(
        "JVB106", "error", "Reference that cannot be resolved", LOADING,
        "`{{app.name}}` refers to another key of the file. The key does not exist or refers back to itself,"
        " or the expression uses what is not available (docs/references.md) or makes too long a text.",
    ),
    Rule(
        "JVB107", "error", "File over a limit", LOADING,
        "The file is larger than 1 MiB, nested deeper than 64 levels, repeats too much through aliases, holds"
        " several documents, or is not UTF-8. Its environments are more than 100, or have more than 200,000"
        " keys and values together; or the values of variables would make it longer than 4 MiB.",
    ),
    Rule(
        "JVB108", "error", "Top level that is not a map", LOADING,
        "The file is empty, or its top level is a list or a single value.",
    ),
    Rule(
        "JVB109", "warning", "Section that is ignored", "jvdeploy 0.1.7: its ECS target",
        "The predecessor's `ecs` section is ignored: jvbundler renders for Lambda and Kubernetes.",
    ),
    Rule(
        "JVB110", "error", "Invalid environments", LOADING,
        "`environments` is a map of names to partial copies of the file, without `environments` and"
        " `variables` of their own. A name has at most 32 lower-case"
        " letters, digits and hyphens, as it becomes part of names on both platforms; `base` is reserved.",
    ),
    Rule(
        "JVB111", "error", "--set that cannot be read", LOADING,
        "`--set key.path=value` names a key by its path, and the value is YAML.",
    ),
    Rule(
        "JVB112", "error", "Environment that is not declared", LOADING,
        "`-e` names an environment that deploy.yaml does not have.",
    ),
    Rule(
        "JVB113", "error", "Key that is missing", FORMAT,
        "An entry lacks a required key, such as the reason of a waiver.",
    ),
    Rule(
        "JVB115", "error", "Waiver of an error", "jvbundler: checks.ignore",
        "Errors cannot be waived: the platform would refuse what is rendered, or a secret or data"
        " would be lost.",
    ),
    Rule(
        "JVB116", "warning", "Waiver that is not used", "jvbundler: checks.ignore",
        "The rule no longer finds anything, so its waiver would only hide a later finding.",
    ),
    Rule(
        "JVB117", "warning", "Waiver of a rule that does not exist", "jvbundler: checks.ignore",
        "There is no rule with that id; `jvbundler rules` lists them.",
    ),
    Rule(
        "JVB118", "error", "Variable that is not declared", LOADING,
        "The file has a list of `variables`, and `${NAME}` reads one that is not in it. The environment of a"
        " render holds many unrelated variables, and what is read is written into files. Add the name"
        " to the list. What `--env` or `--set` gives needs no entry.",
    ),
    Rule(
        "JVB119", "error", "Variables without a list", LOADING,
        "`${NAME}` reads the environment, and the file has no list of `variables` that says which. This is a"
        " warning that names them; with `--strict` in CI (where `CI` is set) it is an error, which no waiver"
        " covers.",
        also_warns=True,
    ),
    Rule(
        "JVB120", "error", "Template that fails", "Jinja2",
        "A template of your own (`--templates`) names a value that does not exist, or cannot be parsed.",
    ),
    Rule(
        "JVB121", "error", "Variable that does not match its pattern", LOADING,
        "The value of a variable does not match the `pattern` that `variables` gives it, or the pattern is"
        " not a regular expression, or takes too long. The value is not repeated in the message.",
    ),
    Rule(
        "JVB122", "warning", "Old name of a key", "jvagent 0.1.7: its deploy.example.yaml; jvdeploy 0.1.7",
        "`jvagent app create --deployment aws-lambda` writes a deploy.example.yaml of other names: `region`,"
        " `account_id`, `lambda.memory_mb` and `lambda.timeout_seconds`. They are read as the keys of today,"
        " `lambda.region`, `lambda.account_id`, `lambda.function.memory` and `lambda.function.timeout`, and"
        " jvdeploy's `lambda.function_url.invoke_mode` as `lambda.invoke_mode`; in environments too."
        " References (`{{ }}`) and `--set` know the names of today only.",
    ),
    Rule(
        "JVB123", "error", "Image file that is not one", "jvbundler: schemas/images.schema.json",
        "images.yaml has an environment that deploy.yaml does not declare, a platform other than `kubernetes`"
        " and `lambda`, a key other than `repository`, `tag` and `digest`, an image without a tag, or an"
        " expression. What is wrong with a value itself has the rules of its key in deploy.yaml.",
    ),
    Rule(
        "JVB124", "warning", "Image that is said in two places", "jvbundler: image.file",
        "What images.yaml says of an environment's image replaces what deploy.yaml says of it, which is"
        " better removed; `image.tag` remains, as the tag that is pushed next. Or `image.file` names a file"
        " that does not exist.",
    ),
    Rule(
        "JVB200", "error", "No app", JVAGENT,
        "The folder has no app.yaml. The message names the nearest one.",
    ),
    Rule(
        "JVB201", "error", "Agent without a folder", JVAGENT,
        "app.yaml lists an agent `namespace/name`, and there is no `agents/namespace/name/agent.yaml`:"
        " jvagent starts without it.",
    ),
    Rule(
        "JVB202", "error", "Action that nobody provides", JVAGENT,
        "agent.yaml lists an action, or an info.yaml depends on one, that is neither in the app nor in"
        " this release of jvagent. An action found only in another agent's folder, where jvagent does"
        " not look for it, is a warning, and so is one of the namespace jvagent whose entry has"
        " `enabled: false`: jvagent starts without it.",
        also_warns=True,
    ),
    Rule(
        "JVB203", "error", "Conflict of pip requirements", "PEP 440",
        "Two requirements of one package have no version in common. The message names both places.",
    ),
    Rule(
        "JVB204", "error", "Requirement that cannot be installed", "PEP 508",
        "A text is not a pip requirement, names no package, or holds a password. An option for pip"
        " in requirements.txt is a warning: it is left out.",
        also_warns=True,
    ),
    Rule(
        "JVB205", "error", "Unknown release of jvagent",
        "jvbundler ships the actions of each release on PyPI",
        "The actions of `image.jvagent_version` are not known. `--jvagent PATH` or `image.jvagent_path` reads"
        " them from a jvagent package. The image installs the release that this package is. A package without"
        " a version, or with one such as `0.1.8.dev3`, is not a release, so `image.jvagent_version` has to"
        " name it; where the package is a release, `image.jvagent_version` must not name another.",
    ),
    Rule(
        "JVB206", "error", "Broken file of the app", JVAGENT,
        "app.yaml, an agent.yaml or an info.yaml has a value of the wrong kind. jvagent skips it at"
        " start, and with it the action.",
        also_warns=True,
    ),
    Rule(
        "JVB207", "error", "Path outside the app", "Docker: the build context is the app folder",
        "A file or link of the app leads out of its folder, and the image has nothing from outside. The"
        " app's own deploy.yaml must not lead out of it either; one that `-c` names may be anywhere.",
    ),
    Rule(
        "JVB208", "error", "Two actions with one name", JVAGENT,
        "Two actions in one agent's folder have the same `package.name`; jvagent loads one of them.",
    ),
    Rule(
        "JVB209", "error", "File of the app that cannot be read", "The operating system",
        "A file or folder of the app cannot be read, or is not what its name says.",
    ),
    Rule(
        "JVB211", "error", "Name or description that no file may contain", "schemas/deploy.schema.json: app",
        "The name, version, title or description of the app, or the name of an agent or action, is not what"
        " deploy.yaml allows there either. It becomes part of the Dockerfile, of templates and of"
        " manifests. A description over several lines is read as one.",
    ),
    Rule(
        "JVB212", "warning", "Agents that app.yaml does not list", JVAGENT,
        "There are folders `agents/namespace/name` with an agent.yaml that `agents` in app.yaml does not"
        " name. jvagent starts without these agents, and the packages of their actions are not in the image,"
        " unless an agent of the list needs them too. One warning names them all.",
    ),
    Rule(
        "JVB213", "error", "Release of jvagent that app.yaml does not allow",
        "jvagent 0.1.7 writes `jvagent: ~0.1.7` into app.yaml and never reads it: `~` is npm's, all else"
        " PEP 440",
        "`jvagent` in app.yaml asks for a newer release than the known ones. It is a warning if it"
        " asks for an older one, if `image.jvagent_version` or a given package makes the image get a release"
        " that it does not allow, and if it cannot be read.",
        also_warns=True,
    ),
    Rule(
        "JVB326", "error", "Template over 1 MB",
        "AWS CloudFormation quotas: 1 MB for a template in a bucket",
        "CloudFormation refuses the rendered template.",
    ),
    Rule(
        "JVB327", "warning", "Template over 51,200 bytes",
        "AWS CloudFormation quotas: 51,200 bytes for a template in a request",
        "Such a template goes through an S3 bucket. samconfig.toml then says `resolve_s3`, and whoever"
        " deploys needs permission to create one and to write to it.",
    ),
    Rule(
        "JVB446", "warning", "GitOps objects that point elsewhere", "git: the work tree of the output folder",
        "`gitops.path` is another folder of the git work tree than the one that the output is rendered into,"
        " so Argo CD or Flux pulls something else, or nothing. Without `gitops.path` the folder is the one in"
        " the work tree. Waive it if the output is copied into another repository.",
    ),
    Rule(
        "JVB454", "error", "App that the pattern of its fleet does not find",
        "Argo CD: git directory generator; Flux: spec.ignore of a source; RFC 1123",
        "One pattern finds the apps of a fleet, `gitops/*` or `apps/*/deploy`, and the folder in the place of"
        " `*` is the app's name for Argo CD and Flux. So the output of each app is in a folder with the name"
        " of the app's, which is a DNS label, and where it is in the repository is known.",
    ),
    Rule(
        "JVB455", "error", "Apps of a fleet that disagree", "jvbundler: a fleet has one root per environment",
        "The root names the repository, the revision, the project and the cluster of all apps, and how they"
        " are synced. Apps that say something else about these cannot be in one fleet. A render of a part of"
        " the apps does not change the root, and reports an app that wants another one.",
    ),
    Rule(
        "JVB420", "error", "Patch without an object", "jvbundler: kubernetes.patches",
        "No rendered object has the patch's kind and name, so it changes nothing.",
    ),
    Rule(
        "JVB421", "error", "Patch that fails", "RFC 6902, and jvbundler: kubernetes.patches",
        "An operation names a path that the object does not have, or the patch leaves no valid object.",
    ),
    Rule(
        "JVB422", "error", "Duplicate object", "Kubernetes: kind, namespace and name are unique",
        "An entry of `kubernetes.extra_resources` has the kind and name of an object that is rendered"
        " already, or of another entry.",
    ),
    Rule(
        "JVB423", "error", "Object without kind or name", "Kubernetes API: every object has both",
        "An entry of `kubernetes.extra_resources` lacks apiVersion, kind or metadata.name.",
    ),
    Rule(
        "JVB424", "error", "Label or annotation that is generated",
        "jvbundler: how pods are selected and rolled",
        "The labels that select the pods must not be given another value, nor the annotation that"
        " restarts them when a ConfigMap changes.",
    ),
    Rule(
        "JVB425", "error", "Name or path that is taken in the pod",
        "Kubernetes API, PodSpec: names are unique",
        "Two containers or volumes of the pod have the same name, two volumes are mounted at the same path,"
        " or an entry of yours has no name.",
    ),
    Rule(
        "JVB426", "error", "Probe of two kinds",
        "Kubernetes API, Probe: exactly one of httpGet, tcpSocket, exec",
        "A probe is one check: an HTTP request, a TCP connection or a command.",
    ),
    Rule(
        "JVB428", "error", "Volume that cannot change",
        "Kubernetes API, PersistentVolumeClaim: spec is immutable, except that it may grow",
        "The storage class or the access modes differ from the manifest that was rendered before, or the size"
        " is smaller, and the API server refuses the change. Copy the data to a new claim and name it in"
        " `kubernetes.persistence.existing_claim`.",
    ),
    Rule(
        "JVB429", "error", "Selector that cannot change",
        "Kubernetes API, Deployment: spec.selector is immutable",
        "The Deployment that was rendered before has another selector, so the API server refuses the new"
        " one until the old Deployment is deleted. `--cascade=orphan` leaves its pods running meanwhile.",
    ),
    Rule(
        "JVB901", "error", "Literal secret", "jvbundler: no value of a secret reaches a rendered file",
        "The value of a variable whose name looks like a secret, or is listed under `secrets`, is written"
        " out, or a value looks like a token, a private key or a URL with a password. The value is"
        " not repeated in the message. Remove it, and list the variable under `secrets`.",
    ),
    Rule(
        "JVB905", "error", "Secret with two sources",
        "jvbundler: no value of a secret reaches a rendered file",
        "deploy.yaml names two sources of a secret: `${OTHER}` as the value of the variable and"
        " `from` under `secrets`; a text that is composed of secrets and an entry under `secrets`, which is"
        " for the whole value; or a secret in such a text that is also a variable with a value of its own.",
    ),
    Rule(
        "JVB904", "error", "Secret among the variables",
        "jvbundler: no value of a secret reaches a rendered file",
        "A name in `variables` looks like a secret's, or is listed under `secrets` as well. The values of"
        " variables are rendered; those of secrets are never read. List it under `secrets` only.",
    ),
    Rule(
        "JVB902", "error", "Secret outside the environment",
        "jvbundler: no value of a secret reaches a rendered file",
        "`${NAME}` of a secret is used outside an environment variable. Any value there"
        " is rendered, so the secret would be.",
    ),
)  # fmt: skip
