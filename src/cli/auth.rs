//! `leoflow auth login | logout | status | create-token`

use std::path::Path;

use serde_json::json;

use super::args::{AuthCommand, LoginArgs, LogoutArgs, ServerArgs};
use super::exit::Exit;
use super::prompt;
use super::report::Failure;
use super::server::{self, Server, shown};
use super::session::Session;
use super::settings::{Edit, Settings};
use super::targets::{self, Selected, Target};
use super::time::duration;
use crate::control_plane::{ControlPlaneError, Login, Token, token_expiry};
use crate::secret::Secret;
use crate::time::rfc3339;

pub(super) async fn run(session: &Session, command: AuthCommand) -> Result<Exit, Failure> {
    match command {
        AuthCommand::Login(args) => login(session, &args).await,
        AuthCommand::Logout(args) => logout(session, &args),
        AuthCommand::Status(args) => status(session, &args),
        AuthCommand::CreateToken(args) => create_token(session, &args).await,
    }
}

async fn login(session: &Session, args: &LoginArgs) -> Result<Exit, Failure> {
    let server = server::server(&args.server(), &session.environment, &session.settings)?;
    let target = keeper(session, args, &server)?;
    let file = session.environment.settings_file().ok_or_else(|| {
        Failure::usage("there is no home directory to keep the token in", "set HOME, or use `auth create-token`")
    })?;
    session.standing.at("before anything was changed", "run the same command again");
    let token = exchange(session, args, &server).await?;
    match target {
        Some(target) => Settings::save_token(&file, &target.name, &token.access_token)?,
        None => Settings::save_login(&file, &shown(&server.url), &token.access_token)?,
    }
    let expiry = expiry(&token, session.environment.now);
    let until = expiry.map(|at| format!(", until {}", rfc3339(at))).unwrap_or_default();
    let of_target = target.map(|target| format!(" ({})", target.described())).unwrap_or_default();
    let text = format!("Logged in to {}{of_target}{until}\n", shown(&server.url));
    session.print(
        &text,
        &json!({"schema": "leoflow.auth/v1", "server": shown(&server.url), "target": target.map(|target| &target.name),
                "expires_at": expiry.map(rfc3339)}),
    )?;
    Ok(Exit::Success)
}

/// Returns the target that keeps the token: the one that is used, if `server` is its own.
fn keeper<'a>(session: &'a Session, args: &LoginArgs, server: &Server) -> Result<Option<&'a Target>, Failure> {
    let selected = targets::selected(args.named.as_deref(), &session.environment, &session.settings)?;
    let Some(Selected { target, source }) = selected else { return Ok(None) };
    if target.server.origin() == server.url.origin() {
        return Ok(Some(target));
    }
    if source == targets::FLAG {
        let message = format!("{} is {}, not {}", target.described(), shown(&target.server), shown(&server.url));
        return Err(Failure::usage(message, "leave out --server, or --target"));
    }
    session.progress.line(&format!("{} stays in use where no server is named", target.described()));
    Ok(None)
}

async fn create_token(session: &Session, args: &LoginArgs) -> Result<Exit, Failure> {
    let server = server::server(&args.server(), &session.environment, &session.settings)?;
    let token = exchange(session, args, &server).await?;
    let expires_at = expiry(&token, session.environment.now).map(rfc3339);
    let text = format!("{}\n", token.access_token.expose());
    let json = json!({"schema": "leoflow.token/v1", "server": shown(&server.url),
                      "access_token": token.access_token.expose(), "expires_at": expires_at});
    session.show(&text, &json)?;
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
    let control_plane = session.control_plane(server.url.clone(), None)?;
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

fn logout(session: &Session, args: &LogoutArgs) -> Result<Exit, Failure> {
    let selected = targets::selected(args.named.as_deref(), &session.environment, &session.settings)?;
    let target = selected.map(|selected| selected.target);
    let removed = match session.environment.settings_file() {
        Some(file) => remove_token(session, &file, target)?,
        None => false,
    };
    let of_target = target.map(|target| format!(" of {}", target.described())).unwrap_or_default();
    let text = match removed {
        true => format!("Logged out: the token{of_target} was removed\n"),
        false => format!("There was no token{of_target} to remove\n"),
    };
    let json = json!({"schema": "leoflow.auth/v1", "removed": removed, "target": target.map(|target| &target.name)});
    session.print(&text, &json)?;
    Ok(Exit::Success)
}

/// Removes the token that would be sent: the target's own, or else the settings', if it is for the same server.
fn remove_token(session: &Session, file: &Path, target: Option<&Target>) -> Result<bool, Failure> {
    let path = match target {
        Some(target) if target.token.is_some() => vec!["targets", &target.name, "token"],
        Some(target) if !session.settings.is_logged_in_to(&target.server) => return Ok(false),
        _ => vec!["token"],
    };
    let mut edit = Edit::open(file)?;
    let removed = edit.remove(&path)?;
    if removed {
        edit.save()?;
    }
    Ok(removed)
}

fn status(session: &Session, args: &ServerArgs) -> Result<Exit, Failure> {
    let server = server::server(args, &session.environment, &session.settings)?;
    let found = server::token(args, &session.environment, &session.settings, &server)?;
    let Some(found) = found else {
        return Err(Failure::usage(
            format!("not logged in to {} (server from {})", shown(&server.url), server.source),
            format!("run `{}`, or set LEOFLOW_TOKEN", server.login()),
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
                      "target": server.target, "token_source": found.source, "expires_at": expiry.map(rfc3339), "expired": expired});
    session.print(&text, &json)?;
    Ok(if expired { Exit::Failure } else { Exit::Success })
}

/// Returns when a token expires: by its own claim, else by what the server said of it.
fn expiry(token: &Token, now: u64) -> Option<u64> {
    token_expiry(&token.access_token).or_else(|| token.expires_in.map(|lifetime| now.saturating_add(lifetime)))
}
