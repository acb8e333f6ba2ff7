//! What people get wrong in matches, filters and policies. A `»` stands before the place that they are told.

/// One rule of a route: what is below its `- `, and the code.
pub(crate) const RULES: &[(&str, &str)] = &[
    // Paths.
    (
        "{ matches: [{ path: { prefix: »api } }], backends: [{ cluster: good }] }",
        "TG0206",
    ),
    (
        "{ matches: [{ path: { prefix: »/a?b } }], backends: [{ cluster: good }] }",
        "TG0206",
    ),
    (
        "{ matches: [{ path: { exact: »api } }], backends: [{ cluster: good }] }",
        "TG0211",
    ),
    (
        "{ matches: [{ path: { exact: »/a//b } }], backends: [{ cluster: good }] }",
        "TG0211",
    ),
    (
        "{ matches: [{ path: { exact: »// } }], backends: [{ cluster: good }] }",
        "TG0211",
    ),
    (
        "{ matches: [{ path: { exact: »/a/%2e%2e } }], backends: [{ cluster: good }] }",
        "TG0211",
    ),
    (
        "{ matches: [{ path: { exact: »'/a b' } }], backends: [{ cluster: good }] }",
        "TG0211",
    ),
    (
        "{ matches: [{ path: { regex: »'/a(' } }], backends: [{ cluster: good }] }",
        "TG0212",
    ),
    (
        "{ matches: [{ path: { regex: »'/(a)\\1' } }], backends: [{ cluster: good }] }",
        "TG0212",
    ),
    (
        "{ matches: [{ path: { regex: »'(?=a)' } }], backends: [{ cluster: good }] }",
        "TG0212",
    ),
    (
        "{ matches: [{ path: { regex: »'a)(b' } }], backends: [{ cluster: good }] }",
        "TG0212",
    ),
    (
        "{ matches: [{ path: { regex: »'' } }], backends: [{ cluster: good }] }",
        "TG0212",
    ),
    (
        "{ matches: [{ path: { regex: »'(.{999}){999}' } }], backends: [{ cluster: good }] }",
        "TG0212",
    ),
    (
        "{ matches: [{ path: »{ prefix: /a, exact: /b } }], backends: [{ cluster: good }] }",
        "TG0216",
    ),
    ("{ matches: [{ path: »{} }], backends: [{ cluster: good }] }", "TG0216"),
    (
        "{ matches: [{ path: »/api }], backends: [{ cluster: good }] }",
        "TG0103",
    ),
    (
        "{ matches: [{ path: { »prefx: /api } }], backends: [{ cluster: good }] }",
        "TG0101",
    ),
    ("{ matches: [{ »paths: [] }], backends: [{ cluster: good }] }", "TG0101"),
    (
        "{ matches: »{ path: { prefix: /a } }, backends: [{ cluster: good }] }",
        "TG0103",
    ),
    ("{ matches: »[], backends: [{ cluster: good }] }", "TG0108"),
    // Methods, headers and query parameters.
    (
        "{ matches: [{ method: »get }], backends: [{ cluster: good }] }",
        "TG0214",
    ),
    (
        "{ matches: [{ method: »'GET POST' }], backends: [{ cluster: good }] }",
        "TG0214",
    ),
    (
        "{ matches: [{ method: »[GET] }], backends: [{ cluster: good }] }",
        "TG0103",
    ),
    (
        "{ matches: [{ headers: [{ name: »'x a', exact: b }] }], backends: [{ cluster: good }] }",
        "TG0213",
    ),
    (
        "{ matches: [{ headers: [{ name: »'x-a:', exact: b }] }], backends: [{ cluster: good }] }",
        "TG0213",
    ),
    (
        "{ matches: [{ headers: [{ name: »Host, exact: b }] }], backends: [{ cluster: good }] }",
        "TG0213",
    ),
    (
        "{ matches: [{ headers: [{ name: x, exact: »' b' }] }], backends: [{ cluster: good }] }",
        "TG0208",
    ),
    (
        "{ matches: [{ headers: [{ name: x, exact: »true }] }], backends: [{ cluster: good }] }",
        "TG0103",
    ),
    (
        "{ matches: [{ headers: [{ name: x, regex: »'[' }] }], backends: [{ cluster: good }] }",
        "TG0212",
    ),
    (
        "{ matches: [{ headers: [{ name: x, present: »yes }] }], backends: [{ cluster: good }] }",
        "TG0103",
    ),
    (
        "{ matches: [{ headers: [»{ name: x }] }], backends: [{ cluster: good }] }",
        "TG0216",
    ),
    (
        "{ matches: [{ headers: [»{ name: x, exact: a, present: true }] }], backends: [{ cluster: good }] }",
        "TG0216",
    ),
    (
        "{ matches: [{ headers: [»{ exact: a }] }], backends: [{ cluster: good }] }",
        "TG0102",
    ),
    (
        "{ matches: [{ headers: »{ x: a } }], backends: [{ cluster: good }] }",
        "TG0103",
    ),
    (
        "{ matches: [{ headers: [{ name: x, exact: a }, { name: »X, exact: b }] }], backends: [{ cluster: good }] }",
        "TG0210",
    ),
    (
        "{ matches: [{ query: [{ name: »'', exact: a }] }], backends: [{ cluster: good }] }",
        "TG0201",
    ),
    (
        "{ matches: [{ query: [»{ name: q }] }], backends: [{ cluster: good }] }",
        "TG0216",
    ),
    (
        "{ matches: [{ query: [{ name: q, exact: a }, { name: »q, exact: b }] }], backends: [{ cluster: good }] }",
        "TG0210",
    ),
    // Filters as a list of maps with one key.
    ("{ filters: »{ redirect: { scheme: https } } }", "TG0103"),
    ("{ filters: [»redirect] }", "TG0103"),
    ("{ filters: [»{}], backends: [{ cluster: good }] }", "TG0217"),
    (
        "{ filters: [»{ rewrite: { host: a }, requestHeaders: { remove: [a] } }], backends: [{ cluster: good }] }",
        "TG0217",
    ),
    (
        "{ filters: [{ »ratelimit: { requests: 1, per: 1s } }], backends: [{ cluster: good }] }",
        "TG0101",
    ),
    ("{ filters: [{ »cors: {} }], backends: [{ cluster: good }] }", "TG0101"),
    // Rate limits.
    (
        "{ filters: [{ »rateLimit: { per: 1s } }], backends: [{ cluster: good }] }",
        "TG0102",
    ),
    (
        "{ filters: [{ »rateLimit: { requests: 5 } }], backends: [{ cluster: good }] }",
        "TG0102",
    ),
    (
        "{ filters: [{ rateLimit: { requests: »0, per: 1s } }], backends: [{ cluster: good }] }",
        "TG0207",
    ),
    (
        "{ filters: [{ rateLimit: { requests: »10/s, per: 1s } }], backends: [{ cluster: good }] }",
        "TG0103",
    ),
    (
        "{ filters: [{ rateLimit: { requests: »9000000, per: 1ms } }], backends: [{ cluster: good }] }",
        "TG0207",
    ),
    (
        "{ filters: [{ rateLimit: { requests: 1, per: »0s } }], backends: [{ cluster: good }] }",
        "TG0207",
    ),
    (
        "{ filters: [{ rateLimit: { requests: 1, per: »25h } }], backends: [{ cluster: good }] }",
        "TG0207",
    ),
    (
        "{ filters: [{ rateLimit: { requests: 1, per: »second } }], backends: [{ cluster: good }] }",
        "TG0202",
    ),
    (
        "{ filters: [{ rateLimit: { requests: 1, per: 1s, burst: »0 } }], backends: [{ cluster: good }] }",
        "TG0207",
    ),
    (
        "{ filters: [{ rateLimit: { requests: »1, per: 24h, burst: 1000 } }], backends: [{ cluster: good }] }",
        "TG0207",
    ),
    (
        "{ filters: [{ rateLimit: { requests: 1, per: 1s, key: »ip } }], backends: [{ cluster: good }] }",
        "TG0105",
    ),
    (
        "{ filters: [»{ rateLimit: { requests: 1, per: 1s, key: header } }], backends: [{ cluster: good }] }",
        "TG0102",
    ),
    (
        "{ filters: [{ rateLimit: { requests: 1, per: 1s, header: »x } }], backends: [{ cluster: good }] }",
        "TG0209",
    ),
    (
        "{ filters: [{ rateLimit: { requests: 1, per: 1s, key: header, header: »'a b' } }], backends: [{ cluster: good }] }",
        "TG0213",
    ),
    // Redirects and direct responses.
    ("{ filters: [»{ redirect: {} }] }", "TG0209"),
    ("{ filters: [»{ redirect: { status: 301 } }] }", "TG0209"),
    ("{ filters: [{ redirect: { scheme: »ftp } }] }", "TG0105"),
    ("{ filters: [{ redirect: { host: »'*.a.b' } }] }", "TG0205"),
    ("{ filters: [{ redirect: { host: »'a:80' } }] }", "TG0205"),
    ("{ filters: [{ redirect: { port: »0 } }] }", "TG0207"),
    ("{ filters: [{ redirect: { port: »65536 } }] }", "TG0207"),
    ("{ filters: [{ redirect: { scheme: https, status: »304 } }] }", "TG0207"),
    ("{ filters: [{ redirect: { path: { full: »new } } }] }", "TG0211"),
    (
        "{ filters: [{ redirect: { path: »{ full: /a, prefix: /b } } }] }",
        "TG0216",
    ),
    ("{ filters: [{ redirect: { path: { »regex: a } } }] }", "TG0101"),
    (
        "{ filters: [»{ redirect: { path: { prefix: /b } } }], matches: [{ path: { exact: /a } }] }",
        "TG0220",
    ),
    (
        "{ filters: [{ redirect: { scheme: https } }], backends: »[{ cluster: good }] }",
        "TG0218",
    ),
    (
        "{ filters: [{ redirect: { scheme: https } }, »{ directResponse: { status: 200 } }] }",
        "TG0209",
    ),
    ("{ filters: [{ »directResponse: {} }] }", "TG0102"),
    ("{ filters: [{ directResponse: { status: »100 } }] }", "TG0207"),
    ("{ filters: [{ directResponse: { status: »600 } }] }", "TG0207"),
    ("{ filters: [{ directResponse: { status: »204, body: x } }] }", "TG0209"),
    (
        "{ filters: [{ directResponse: { status: 200, body: x, file: »x } }] }",
        "TG0216",
    ),
    (
        "{ filters: [{ directResponse: { status: 200, file: »/nowhere/at/all } }] }",
        "TG0215",
    ),
    (
        "{ filters: [{ directResponse: { status: 200, file: »/dev/zero } }] }",
        "TG0215",
    ),
    (
        "{ filters: [{ directResponse: { status: 200, headers: { »content-length: 5 } } }] }",
        "TG0213",
    ),
    (
        "{ filters: [{ directResponse: { status: 200, headers: { x-a: »\"a\\nb\" } } }] }",
        "TG0208",
    ),
    (
        "{ filters: [{ directResponse: { status: 200 } }], backends: »[{ cluster: good }] }",
        "TG0218",
    ),
    // Header edits.
    (
        "{ filters: [{ requestHeaders: { setSecret: { x: »secret } } }], backends: [{ cluster: good }] }",
        "TG0103",
    ),
    (
        "{ filters: [{ requestHeaders: { setSecret: { x: »{} } } }], backends: [{ cluster: good }] }",
        "TG0216",
    ),
    (
        "{ filters: [{ requestHeaders: { setSecret: { x: »{ env: PATH, file: x } } } }], backends: [{ cluster: good }] }",
        "TG0216",
    ),
    (
        "{ filters: [{ requestHeaders: { setSecret: { x: { env: »NO_SUCH_VARIABLE } } } }], backends: [{ cluster: good }] }",
        "TG0222",
    ),
    (
        "{ filters: [{ requestHeaders: { setSecret: { x: { env: »'A=B' } } } }], backends: [{ cluster: good }] }",
        "TG0222",
    ),
    (
        "{ filters: [{ requestHeaders: { setSecret: { x: { file: »/nowhere/at/all } } } }], backends: [{ cluster: good }] }",
        "TG0215",
    ),
    (
        "{ filters: [{ requestHeaders: { setSecret: { x: { file: »/dev/null } } } }], backends: [{ cluster: good }] }",
        "TG0215",
    ),
    (
        "{ filters: [{ requestHeaders: { setSecret: { »'x y': { env: PATH } } } }], backends: [{ cluster: good }] }",
        "TG0213",
    ),
    (
        "{ filters: [{ requestHeaders: { set: { x: a }, setSecret: { »X: { env: PATH } } } }], backends: [{ cluster: good }] }",
        "TG0210",
    ),
    (
        "{ filters: [{ requestHeaders: { setSecret: { »x: { env: PATH } }, remove: [x] } }], backends: [{ cluster: good }] }",
        "TG0209",
    ),
    (
        "{ filters: [»{ requestHeaders: {} }], backends: [{ cluster: good }] }",
        "TG0209",
    ),
    (
        "{ filters: [{ requestHeaders: { set: »[x] } }], backends: [{ cluster: good }] }",
        "TG0103",
    ),
    (
        "{ filters: [{ requestHeaders: { set: { »'x y': a } } }], backends: [{ cluster: good }] }",
        "TG0213",
    ),
    (
        "{ filters: [{ requestHeaders: { set: { »Host: a } } }], backends: [{ cluster: good }] }",
        "TG0213",
    ),
    (
        "{ filters: [{ requestHeaders: { set: { x: a, »X: b } } }], backends: [{ cluster: good }] }",
        "TG0210",
    ),
    (
        "{ filters: [{ requestHeaders: { set: { x: a, »x: b } } }], backends: [{ cluster: good }] }",
        "TG0104",
    ),
    (
        "{ filters: [{ requestHeaders: { set: { x: »true } } }], backends: [{ cluster: good }] }",
        "TG0103",
    ),
    (
        "{ filters: [{ requestHeaders: { set: { »x: } } }], backends: [{ cluster: good }] }",
        "TG0103",
    ),
    (
        "{ filters: [{ requestHeaders: { set: { »X: a }, remove: [x] } }], backends: [{ cluster: good }] }",
        "TG0209",
    ),
    (
        "{ filters: [{ requestHeaders: { set: { X: a }, setSecret: { »x: { env: PATH } } } }], backends: [{ cluster: good }] }",
        "TG0210",
    ),
    (
        "{ filters: [{ responseHeaders: { remove: »server } }], backends: [{ cluster: good }] }",
        "TG0103",
    ),
    (
        "{ filters: [{ responseHeaders: { remove: [a, »A] } }], backends: [{ cluster: good }] }",
        "TG0210",
    ),
    (
        "{ filters: [{ responseHeaders: { remove: [»Transfer-Encoding] } }], backends: [{ cluster: good }] }",
        "TG0213",
    ),
    // Rewrites.
    (
        "{ filters: [»{ rewrite: {} }], backends: [{ cluster: good }] }",
        "TG0209",
    ),
    (
        "{ filters: [{ rewrite: { host: »'http://a' } }], backends: [{ cluster: good }] }",
        "TG0205",
    ),
    (
        "{ filters: [{ rewrite: { host: »'a:99999' } }], backends: [{ cluster: good }] }",
        "TG0205",
    ),
    (
        "{ filters: [{ rewrite: { path: »/a } }], backends: [{ cluster: good }] }",
        "TG0103",
    ),
    (
        "{ filters: [{ rewrite: { path: »{ regex: a } } }], backends: [{ cluster: good }] }",
        "TG0216",
    ),
    (
        "{ filters: [{ rewrite: { path: { regex: »'(', substitution: a } } }], backends: [{ cluster: good }] }",
        "TG0212",
    ),
    (
        "{ filters: [{ rewrite: { path: { regex: '(a)', substitution: »/$2 } } }], backends: [{ cluster: good }] }",
        "TG0221",
    ),
    (
        "{ filters: [{ rewrite: { path: { regex: '(a)', substitution: »/$1x } } }], backends: [{ cluster: good }] }",
        "TG0221",
    ),
    (
        "{ filters: [{ rewrite: { path: { regex: '(a)', substitution: »/$ } } }], backends: [{ cluster: good }] }",
        "TG0221",
    ),
    (
        "{ filters: [{ rewrite: { path: { regex: '(a)', substitution: »'/$$$' } } }], backends: [{ cluster: good }] }",
        "TG0221",
    ),
    (
        "{ filters: [{ rewrite: { path: { regex: '(a)', substitution: »'/${}' } } }], backends: [{ cluster: good }] }",
        "TG0221",
    ),
    (
        "{ filters: [{ rewrite: { path: { regex: a, substitution: »'/b?c' } } }], backends: [{ cluster: good }] }",
        "TG0221",
    ),
    (
        "{ filters: [»{ rewrite: { path: { prefix: /b } } }], matches: [{ path: { regex: /a } }], backends: [{ cluster: good }] }",
        "TG0220",
    ),
    // What is inherited, and time limits.
    ("{ disabled: [»rateLimits], backends: [{ cluster: good }] }", "TG0105"),
    ("{ disabled: »rateLimit, backends: [{ cluster: good }] }", "TG0103"),
    (
        "{ disabled: [rewrite, »rewrite], backends: [{ cluster: good }] }",
        "TG0210",
    ),
    (
        "{ filters: [{ rewrite: { host: a } }], disabled: [»rewrite], backends: [{ cluster: good }] }",
        "TG0209",
    ),
    ("{ timeouts: { request: »5 }, backends: [{ cluster: good }] }", "TG0202"),
    ("{ timeouts: { »idle: 5s }, backends: [{ cluster: good }] }", "TG0101"),
    ("{ timeouts: »5s, backends: [{ cluster: good }] }", "TG0103"),
    // Backends.
    ("{ backends: »{ cluster: good } }", "TG0103"),
    ("{ backends: [»good] }", "TG0103"),
    ("{ backends: »[] }", "TG0108"),
    ("»{}", "TG0102"),
    ("{ backends: [{ cluster: good, weight: »90% }] }", "TG0103"),
    ("{ backends: [{ cluster: good, weight: »\"90\" }] }", "TG0103"),
    ("{ backends: [{ cluster: good, »disabled: [rewrite] }] }", "TG0101"),
    (
        "{ backends: [{ cluster: good, filters: [»{ rewrite: { host: a } }] }] }",
        "TG0219",
    ),
    (
        "{ backends: [{ cluster: good, filters: [»{ directResponse: { status: 200 } }] }] }",
        "TG0219",
    ),
    ("{ name: »'a b', backends: [{ cluster: good }] }", "TG0201"),
];

/// A whole file with one object that is set aside, and the code.
pub(crate) const WHOLE: &[(&str, &str)] = &[
    (
        "listeners:\n  web: { address: 127.0.0.1:2, »disabled: [rewrite] }",
        "TG0101",
    ),
    (
        "listeners:\n  web: { address: 127.0.0.1:2, timeouts: { request: »never } }",
        "TG0202",
    ),
    (
        "listeners:\n  web: { address: 127.0.0.1:2, timeouts: { backendRequest: »1 } }",
        "TG0202",
    ),
    (
        "listeners:\n  web: { address: 127.0.0.1:2, filters: [»rewrite] }",
        "TG0103",
    ),
    (
        "listeners:\n  web: { address: 127.0.0.1:2, filters: [{ redirect: { port: »-1 } }] }",
        "TG0103",
    ),
    (
        "routes:\n  all: { listeners: [good], priority: »1000001, rules: [{ backends: [{ cluster: good }] }] }",
        "TG0207",
    ),
    (
        "routes:\n  all: { listeners: [good], priority: »high, rules: [{ backends: [{ cluster: good }] }] }",
        "TG0103",
    ),
    (
        "routes:\n  all: { listeners: [good], hosts: »a.b, rules: [{ backends: [{ cluster: good }] }] }",
        "TG0103",
    ),
    (
        "routes:\n  all: { listeners: [good], hosts: [»*.x], rules: [{ backends: [{ cluster: good }] }] }",
        "TG0106",
    ),
    (
        "routes:\n  all: { listeners: [good], hosts: [»a.*.b], rules: [{ backends: [{ cluster: good }] }] }",
        "TG0205",
    ),
    (
        "routes:\n  all: { listeners: [good], rules: »{ backends: [{ cluster: good }] } }",
        "TG0103",
    ),
    (
        "routes:\n  all:\n    listeners: [good]\n    filters: [{ redirect: { scheme: https } }]\n    rules:\n      - backends: »[{ cluster: good }]",
        "TG0218",
    ),
    (
        "routes:\n  all:\n    listeners: [good]\n    filters: [{ directResponse: { status: 200 } }]\n    rules:\n      - »disabled: [directResponse]",
        "TG0102",
    ),
    (
        "routes:\n  all:\n    listeners: [good]\n    filters: [»{ redirect: { path: { prefix: /b } } }]\n    rules:\n      - matches: [{ path: { exact: /a } }]",
        "TG0220",
    ),
    (
        "routes:\n  all:\n    listeners: [good]\n    filters: [{ redirect: { scheme: https } }]\n    rules:\n      - filters: [»{ directResponse: { status: 200 } }]",
        "TG0209",
    ),
    ("clusters:\n  echo: { »endpoint: [{ address: 127.0.0.1:8 }] }", "TG0101"),
    ("clusters:\n  echo: { endpoints: [{ »addr: 127.0.0.1:8 }] }", "TG0101"),
    (
        "clusters:\n  echo: { endpoints: [{ address: »[127.0.0.1:8] }] }",
        "TG0103",
    ),
    (
        "clusters:\n  echo: { endpoints: [{ address: »echo.internal:80 }] }",
        "TG0204",
    ),
    (
        "clusters:\n  echo: { endpoints: [{ address: 127.0.0.1:8 }], timeouts: { connect: »2 s } }",
        "TG0202",
    ),
    (
        "clusters:\n  echo: { endpoints: [{ address: 127.0.0.1:8 }], balancer: »random }",
        "TG0105",
    ),
    (
        "clusters:\n  echo: { endpoints: [{ address: 127.0.0.1:8 }], limits: { pendingRequests: »-5 } }",
        "TG0103",
    ),
];
