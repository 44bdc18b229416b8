using Microsoft.AspNetCore.Http.HttpResults;
using Millrace.Worker.Status;

namespace Millrace.Worker.Endpoints;

/// <summary>`/api/v1/status`: process, workers, queues and the systems they belong to.</summary>
internal static class StatusEndpoint
{
    public static void MapStatus(this IEndpointRouteBuilder routes) => routes.MapMethods("/api/v1/status", Methods.Read, ReadAsync);

    private static async Task<JsonHttpResult<WorkerProcessStatus>> ReadAsync(StatusReader status, CancellationToken aborted) =>
        TypedResults.Json(await status.ReadAsync(aborted), ApiJson.Default.WorkerProcessStatus);
}
