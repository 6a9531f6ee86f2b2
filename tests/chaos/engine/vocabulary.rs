//! What lies are made of.

pub(crate) const RAW: &[&[u8]] = &[
    b"SSH-2.0-OpenSSH_9.2p1\r\n",
    b"HTTP/1.1 abc OK\r\n\r\n",
    b"HTTP/1.1 99999 OK\r\n\r\n",
    b"\0\0\0\0\0\0\0\0",
    b"ICY 200 OK\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nhello\r\n0\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\nhello",
    b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n",
    b"HTTP/2.0 200 OK\r\n\r\n",
    b"\r\n\r\n\r\n",
];

pub(crate) const PRELUDES: &[&str] = &[
    "HTTP/1.1 100 Continue\r\n\r\n",
    "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 100 Continue\r\nX: y\r\n\r\n",
    "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n",
    "HTTP/1.1 102 Processing\r\n\r\n",
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n",
    "\r\n",
];

pub(crate) const LINES: &[&str] =
    &["no colon here", "Bad Name: x", ": empty", "X: \u{1}\u{2}", "Docker-Content-Digest", "X\t: y"];

pub(crate) const STATUSES: &[u16] = &[
    200, 201, 202, 204, 206, 301, 302, 303, 304, 307, 308, 400, 401, 401, 403, 404, 404, 405, 408, 409, 413, 416, 418,
    422, 429, 429, 499, 500, 500, 501, 502, 503, 503, 504, 505, 507, 599, 999,
];

pub(crate) const CODES: &[&str] = &[
    "DENIED",
    "UNAUTHORIZED",
    "NAME_UNKNOWN",
    "BLOB_UNKNOWN",
    "BLOB_UPLOAD_UNKNOWN",
    "BLOB_UPLOAD_INVALID",
    "DIGEST_INVALID",
    "MANIFEST_UNKNOWN",
    "MANIFEST_INVALID",
    "MANIFEST_BLOB_UNKNOWN",
    "SIZE_INVALID",
    "TOOMANYREQUESTS",
    "UNSUPPORTED",
];

pub(crate) const RETRY_AFTERS: &[&str] =
    &["0", "0", "1", "3600", "-1", "soon", "Sun, 06 Nov 1994 08:49:37 GMT", "99999999999999999999", ""];

pub(crate) const CHALLENGES: &[&str] = &[
    "",
    "Bearer",
    "Bearer realm=\"\"",
    "Bearer realm=\"http://{stranger}/token\",service=\"x\"",
    "Bearer realm=\"https://{stranger}/token\",service=\"x\"",
    "Bearer realm=\"http://169.254.169.254/latest\",service=\"x\"",
    "Bearer realm=\"http://user:secret@{own}/token\"",
    "Bearer realm=\"http://{own}/token\",service=\"other\",scope=\"registry:catalog:*\"",
    "Bearer realm=\"http://{own}/token",
    "Bearer realm=http://{own}/token,,,error=\"invalid_token\"",
    "Basic realm=\"x\"",
    "Digest realm=\"x\", nonce=\"1\"",
    "Negotiate",
    "Basic realm=\"x\", Bearer realm=\"http://{own}/token\"",
    "\u{7f}garbage,=,\"",
];

pub(crate) const LOCATIONS: &[&str] = &[
    "",
    "/v2/",
    "?",
    "uploads/1",
    "/v2/team/etl/blobs/uploads/nowhere?_state=x",
    "http://{stranger}/elsewhere?digest=sha256:1",
    "https://{stranger}/elsewhere",
    "//{stranger}/elsewhere",
    "http://{own}/v2/",
    "http://user:secret@{own}/v2/",
    "http://[::1",
    "::garbage::",
    "file:///etc/passwd",
    "ftp://{own}/x",
    "http://{own}:99999/",
    "\u{7f}",
];

pub(crate) const DIGESTS: &[&str] = &[
    "sha256:0000000000000000000000000000000000000000000000000000000000000000",
    "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "sha256:xyz",
    "sha512:00",
    "md5:d41d8cd98f00b204e9800998ecf8427e",
    "",
    "garbage",
];

pub(crate) const LENGTHS: &[&str] = &["0", "1", "7", "100", "999999", "9223372036854775807", "-1", "abc", "", "0x10"];

pub(crate) const TYPES: &[&str] = &[
    "text/html",
    "",
    "garbage",
    "application/json; charset=utf-8",
    "application/vnd.docker.distribution.manifest.v2+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.v1+prettyjws",
];

pub(crate) const RANGES: &[&str] = &["0-0", "0-5", "bytes=0-9", "5-1", "garbage", "0-99999999999999999999", ""];

pub(crate) const BODIES: &[&str] = &[
    "",
    "{}",
    "[]",
    "null",
    "\u{feff}{}",
    "<html><title>Sign in</title></html>",
    "{\"errors\":[]}",
    "{\"token\":\"\"}",
    "{\"token\":\"a\\nb\"}",
    "{\"schemaVersion\":1}",
    "{\"schemaVersion\":2,\"layers\":[],\"manifests\":[]}",
    "{\"schemaVersion\":2,\"manifests\":[]}",
    "{\"dag_id\":\"other\",\"version\":\"1\",\"spec_hash\":\"1\",\"created\":true}",
    "{\"dag_id\":\"chaos\"}",
];
