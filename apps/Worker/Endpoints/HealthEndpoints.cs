using Microsoft.AspNetCore.Http.HttpResults;
using Millrace.Worker.Status;

namespace Millrace.Worker.Endpoints;

/// <summary>The process runs.</summary>
internal sealed record Health(string Status);

/// <summary>Whether the process can do its work now, and why not.</summary>
internal sealed record Readiness(bool Ready, IReadOnlyList<string> Reasons);

/// <summary>`/healthz`: alive, whatever its surroundings do. `/readyz`: 503 while draining, while relay or store are gone, while a worker is down.</summary>
internal static class HealthEndpoints
{
    public static void MapHealth(this IEndpointRouteBuilder routes)
    {
        routes.MapMethods("/healthz", Methods.Read, () => TypedResults.Json(new Health("alive"), ApiJson.Default.Health));
        routes.MapMethods("/readyz", Methods.Read, ReadyAsync);
    }

    private static async Task<JsonHttpResult<Readiness>> ReadyAsync(ReadinessCheck check, CancellationToken aborted)
    {
        var reasons = await check.RunAsync(aborted);
        var status = reasons.Count == 0 ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable;
        return TypedResults.Json(new Readiness(reasons.Count == 0, reasons), ApiJson.Default.Readiness, statusCode: status);
    }
}
