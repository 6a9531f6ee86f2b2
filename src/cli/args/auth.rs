//! `auth` as typed.

use clap::{Args, Subcommand};

use super::ServerArgs;
use super::examples::{CREATE_TOKEN_EXAMPLE, LOGIN_EXAMPLES, LOGOUT_EXAMPLES};

/// `auth`
#[derive(Debug, Subcommand)]
pub enum AuthCommand {
    /// Exchange a password for a token and keep it in ~/.leoflow/config.yaml.
    #[command(after_help = LOGIN_EXAMPLES)]
    Login(LoginArgs),
    /// Remove the token from ~/.leoflow/config.yaml.
    #[command(after_help = LOGOUT_EXAMPLES)]
    Logout(LogoutArgs),
    /// Say where the token comes from and when it expires.
    #[command(after_help = "Example:\n  leoflow auth status --target prod")]
    Status(ServerArgs),
    /// Exchange a password for a token and print it, keeping nothing.
    #[command(after_help = CREATE_TOKEN_EXAMPLE)]
    CreateToken(LoginArgs),
}

/// `auth logout`
#[derive(Debug, Args)]
pub struct LogoutArgs {
    /// The target whose token to remove, instead of the current one's [env: LEOFLOW_TARGET]
    #[arg(long = "target", value_name = "NAME")]
    pub named: Option<String>,
}

/// `auth login` and `auth create-token`
#[derive(Debug, Args)]
pub struct LoginArgs {
    /// The control plane's URL [env: LEOFLOW_SERVER_URL]
    #[arg(long, value_name = "URL")]
    pub server: Option<String>,
    /// The target of ~/.leoflow/config.yaml to log in to, instead of the current one [env: LEOFLOW_TARGET]
    #[arg(long = "target", value_name = "NAME")]
    pub named: Option<String>,
    /// The user; asked for on a terminal.
    #[arg(long, short, value_name = "NAME")]
    pub username: Option<String>,
    /// Read the password from standard input.
    #[arg(long)]
    pub password_stdin: bool,
    /// The tenant, on servers that have several.
    #[arg(long, value_name = "NAME")]
    pub tenant: Option<String>,
}

impl LoginArgs {
    /// Returns which control plane that is.
    pub fn server(&self) -> ServerArgs {
        ServerArgs { server: self.server.clone(), named: self.named.clone(), token: None }
    }
}
