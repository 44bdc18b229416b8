using Microsoft.AspNetCore.Http.HttpResults;

namespace Millrace.Worker.Endpoints;

/// <summary>`/`: which addresses there are.</summary>
internal static class IndexPage
{
    private const string Html = """
        <!doctype html>
        <html lang="en">
        <head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Millrace</title></head>
        <body>
        <h1>Millrace</h1>
        <ul>
        <li><a href="api/v1/status">/api/v1/status</a>: process, workers, queues, firehose</li>
        <li><a href="healthz">/healthz</a>: the process runs</li>
        <li><a href="readyz">/readyz</a>: it can do its work, or why not</li>
        <li><a href="metrics">/metrics</a>: for Prometheus</li>
        </ul>
        </body>
        </html>

        """;

    public static void MapIndex(this IEndpointRouteBuilder routes) => routes.MapMethods("/", Methods.Read, Read);

    private static ContentHttpResult Read() => TypedResults.Text(Html, "text/html; charset=utf-8");
}
