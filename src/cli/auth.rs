//! `leoflow auth login | logout | status | create-token`

use serde_json::json;

use super::args::{AuthCommand, LoginArgs, ServerArgs};
use super::exit::Exit;
use super::prompt;
use super::report::Failure;
use super::server::{self, Server, shown};
use super::session::{CONTROL_PLANE_DEADLINE, Session};
use super::settings::Settings;
use super::time::duration;
use crate::control_plane::{ControlPlane, ControlPlaneError, Login, Token, token_expiry};
use crate::secret::Secret;
use crate::time::rfc3339;

pub(super) async fn run(session: &Session, command: AuthCommand) -> Result<Exit, Failure> {
    match command {
        AuthCommand::Login(args) => login(session, &args).await,
        AuthCommand::Logout => logout(session),
        AuthCommand::Status(args) => status(session, &args),
        AuthCommand::CreateToken(args) => create_token(session, &args).await,
    }
}

async fn login(session: &Session, args: &LoginArgs) -> Result<Exit, Failure> {
    let server = server::server(args.server.as_deref(), &session.environment, &session.settings)?;
    let file = session.environment.settings_file().ok_or_else(|| {
        Failure::usage("there is no home directory to keep the token in", "set HOME, or use `auth create-token`")
    })?;
    session.standing.at("before anything was changed", "run the same command again");
    let token = exchange(session, args, &server).await?;
    Settings::save_login(&file, &shown(&server.url), &token.access_token)?;
    let expiry = expiry(&token, session.environment.now);
    let until = expiry.map(|at| format!(", until {}", rfc3339(at))).unwrap_or_default();
    let text = format!("Logged in to {}{until}\n", shown(&server.url));
    session.print(
        &text,
        &json!({"schema": "leoflow.auth/v1", "server": shown(&server.url), "expires_at": expiry.map(rfc3339)}),
    )?;
    Ok(Exit::Success)
}

async fn create_token(session: &Session, args: &LoginArgs) -> Result<Exit, Failure> {
    let server = server::server(args.server.as_deref(), &session.environment, &session.settings)?;
    let token = exchange(session, args, &server).await?;
    let expires_at = expiry(&token, session.environment.now).map(rfc3339);
    let text = format!("{}\n", token.access_token.expose());
    let json = json!({"schema": "leoflow.token/v1", "server": shown(&server.url),
                      "access_token": token.access_token.expose(), "expires_at": expires_at});
    session.print_secret(&text, &json)?;
    Ok(Exit::Success)
}

async fn exchange(session: &Session, args: &LoginArgs, server: &Server) -> Result<Token, Failure> {
    server::warn_of_plain_http(session, server, "the password and the token travel");
    let login = Login {
        username: username(session, args).await?,
        password: password(session, args, server).await?,
        tenant: args.tenant.clone(),
    };
    session.progress.doing("Waiting", &format!("for {}", shown(&server.url)));
    let control_plane =
        ControlPlane::new(server.url.clone(), None, CONTROL_PLANE_DEADLINE, &session.environment.proxies())?;
    let token = control_plane.login(&login).await.map_err(refused)?;
    session.progress.idle();
    Ok(token)
}

/// Who is refused at the login is not helped by being sent there.
fn refused(error: ControlPlaneError) -> Failure {
    match &error {
        ControlPlaneError::Refused { status: 400 | 401, .. } => {
            let help = "check user and password, and --tenant on a server that has several";
            Failure::new(Exit::ControlPlane, error.to_string(), Some(help.to_owned()))
        }
        _ => error.into(),
    }
}

async fn username(session: &Session, args: &LoginArgs) -> Result<String, Failure> {
    match &args.username {
        Some(name) => Ok(name.clone()),
        None if session.environment.interactive => prompt::ask("Username: ".to_owned()).await,
        None => Err(Failure::usage("no user was named, and there is no terminal to ask on", "add --username NAME")),
    }
}

async fn password(session: &Session, args: &LoginArgs, server: &Server) -> Result<Secret, Failure> {
    let password = match args.password_stdin {
        true => prompt::password_from_stdin().await?,
        false if session.environment.interactive => {
            prompt::password(format!("Password for {}: ", shown(&server.url))).await?
        }
        false => {
            let message = "there is no terminal to ask for the password on";
            return Err(Failure::usage(message, "pipe it in: `… | leoflow auth login --password-stdin`"));
        }
    };
    if password.expose().is_empty() {
        return Err(Failure::usage("no password was given", "type it, or pipe it in with --password-stdin"));
    }
    Ok(password)
}

fn logout(session: &Session) -> Result<Exit, Failure> {
    let removed = match session.environment.settings_file() {
        Some(file) => Settings::remove_token(&file)?,
        None => false,
    };
    let text = if removed { "Logged out: the token was removed\n" } else { "There was no token to remove\n" };
    session.print(text, &json!({"schema": "leoflow.auth/v1", "removed": removed}))?;
    Ok(Exit::Success)
}

fn status(session: &Session, args: &ServerArgs) -> Result<Exit, Failure> {
    let server = server::server(args.server.as_deref(), &session.environment, &session.settings)?;
    let found = server::token(args.token.as_deref(), &session.environment, &session.settings, &server)?;
    let Some(found) = found else {
        return Err(Failure::usage(
            format!("not logged in to {} (server from {})", shown(&server.url), server.source),
            format!("run `leoflow auth login --server {}`, or set LEOFLOW_TOKEN", shown(&server.url)),
        ));
    };
    let now = session.environment.now;
    let expiry = token_expiry(&found.token);
    let expired = expiry.is_some_and(|at| at <= now);
    let until = match expiry {
        Some(at) if at <= now => format!("expired {} ago, at {}", duration(now - at), rfc3339(at)),
        Some(at) => format!("expires in {}, at {}", duration(at - now), rfc3339(at)),
        None => "does not say when it expires".to_owned(),
    };
    let text =
        format!("server  {} (from {})\ntoken   from {}, {until}\n", shown(&server.url), server.source, found.source);
    let json = json!({"schema": "leoflow.auth/v1", "server": shown(&server.url), "server_source": server.source,
                      "token_source": found.source, "expires_at": expiry.map(rfc3339), "expired": expired});
    session.print(&text, &json)?;
    Ok(if expired { Exit::Failure } else { Exit::Success })
}

/// Returns when a token expires: by its own claim, else by what the server said of it.
fn expiry(token: &Token, now: u64) -> Option<u64> {
    token_expiry(&token.access_token).or_else(|| token.expires_in.map(|lifetime| now.saturating_add(lifetime)))
}
