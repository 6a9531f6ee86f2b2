//! What stands below each command's help: how it is used.

pub(super) const DEPLOY_EXAMPLES: &str = "\
Examples:
  leoflow deploy etl_sales --sandbox    try it: no account, no network
  leoflow deploy etl_sales              to the server you are logged in to
  leoflow deploy --all --yes dags/      every project below dags/, unasked";

pub(super) const BUILD_EXAMPLES: &str = "\
Examples:
  leoflow build etl_sales -o oci:etl_sales.tar             to carry elsewhere
  leoflow build etl_sales -o oci:images:v1                 into an image layout
  leoflow build etl_sales -o docker-archive:etl_sales.tar  for `docker load`";

pub(super) const IMAGE_EXAMPLES: &str = "\
Examples:
  leoflow image copy ghcr.io/org/base:py3.11 oci:base.tar
  leoflow image copy oci:base.tar registry.inside.example/base:py3.11";

pub(super) const COMPILE_EXAMPLES: &str = "\
Examples:
  leoflow compile etl_sales             writes dag.json into the project
  leoflow compile etl_sales -o -        prints it
  leoflow compile etl_sales --watch     again whenever a file is saved";

pub(super) const VALIDATE_EXAMPLES: &str = "\
Checks leoflow.yaml, dag.py, the files that would go into the image, the syntax
of what is asked for, and locks; it asks no network.

Examples:
  leoflow validate etl_sales
  leoflow validate --all dags/          every project, faulty or not
  leoflow validate dag.json             a spec, whoever compiled it
  leoflow validate etl_sales --watch    again whenever a file is saved";

pub(super) const GRAPH_EXAMPLES: &str = "\
Examples:
  leoflow graph etl_sales                             in the terminal
  leoflow graph etl_sales --format svg -o graph.svg   to paste into a review
  leoflow graph dag.json --format mermaid             of a spec that is compiled";

pub(super) const AUTH_EXAMPLES: &str = "\
Examples:
  leoflow auth login --server https://leoflow.example.com
  leoflow auth status";

pub(super) const LOCK_EXAMPLES: &str = "\
Writes pylock.<platform>-<py>.toml (PEP 751) beside leoflow.yaml, one for each
platform; deploy and build use it. Versions stay what they were unless told
otherwise.

Examples:
  leoflow lock etl_sales
  leoflow lock etl_sales --sandbox      try it: no account
  leoflow lock etl_sales --platform linux/amd64,linux/arm64
  leoflow lock etl_sales --upgrade-package pandas";

pub(super) const TREE_EXAMPLES: &str = "\
Examples:
  leoflow tree etl_sales
  leoflow tree etl_sales --why certifi
  leoflow tree etl_sales --locked       as the lock file has it, or fail";

pub(super) const LOGIN_EXAMPLES: &str = "\
Examples:
  leoflow auth login --server https://leoflow.example.com
  leoflow auth login --target prod      the token is kept with that target
  leoflow auth login -u ci --password-stdin < password.txt";

pub(super) const LOGOUT_EXAMPLES: &str = "\
Examples:
  leoflow auth logout
  leoflow auth logout --target prod";

pub(super) const CREATE_TOKEN_EXAMPLE: &str = "\
Example:
  LEOFLOW_TOKEN=$(leoflow auth create-token -u ci --password-stdin < password.txt)";

pub(super) const SANDBOX_EXAMPLES: &str = "\
Prints the control plane's URL, the registry's address and the demo base's
reference, one a line, and runs until Ctrl-C.

Example:
  leoflow sandbox &
  leoflow deploy etl_sales --server http://127.0.0.1:PORT --token any \\
      --registry 127.0.0.1:PORT --base 127.0.0.1:PORT/leoflow/demo-base:py3.11";

pub(super) const CACHE_EXAMPLES: &str = "\
Examples:
  leoflow cache info
  leoflow cache prune --older-than 30d";

pub(super) const PRUNE_EXAMPLES: &str = "\
Removes what killed processes left, and what does not fit into the limit
(LEOFLOW_CACHE_SIZE, or 5GiB); flags say what goes as well.

Examples:
  leoflow cache prune --older-than 30d --max-size 1GiB
  leoflow cache prune --all";

pub(super) const INIT_EXAMPLES: &str = "\
Writes dag.py, leoflow.yaml, its schema for editors and .dockerignore; never
over a file that is there.

Examples:
  leoflow init etl_sales                      a small DAG to begin with
  leoflow init etl_sales --from-dag sales.py  of a DAG that you have";

pub(super) const TARGET_EXAMPLES: &str = "\
Examples:
  leoflow target add prod --server https://leoflow.example.com --use
  leoflow auth login --target prod
  leoflow deploy etl_sales --target prod";

pub(super) const TARGET_ADD_EXAMPLES: &str = "\
Examples:
  leoflow target add prod --server https://leoflow.example.com \\
      --registry registry.example.com/team
  leoflow target add prod --mirror docker.io=https://mirror.example.com/hub";

pub(super) const TARGET_USE_EXAMPLES: &str = "\
Examples:
  leoflow target use prod
  leoflow target use --none";

pub(super) const CONFIG_SHOW_EXAMPLES: &str = "\
Examples:
  leoflow config show
  leoflow config show --target prod     what it would be with that target";

pub(super) const HISTORY_EXAMPLES: &str = "\
Examples:
  leoflow history etl_sales
  leoflow history etl_sales --target prod --output json";

pub(super) const ROLLBACK_EXAMPLES: &str = "\
Spec and image are the pair that was deployed, by digest: nothing is built and
nothing is pushed. The image must still be in its registry.

Examples:
  leoflow rollback etl_sales            to the version before the live one
  leoflow rollback etl_sales --to 9f3a2c1
  leoflow rollback etl_sales --to v1.2.0 --yes";

pub(super) const PROMOTE_EXAMPLES: &str = "\
Spec and image go as they are, by digest: nothing is built. With another
registry the image is copied there, and the spec names it there.

Examples:
  leoflow promote etl_sales --from staging --to prod
  leoflow promote etl_sales --from https://staging.example.com \\
      --to https://leoflow.example.com --registry registry.example.com/prod
  leoflow promote dag.json --to prod    of `deploy --spec-out dag.json`";
