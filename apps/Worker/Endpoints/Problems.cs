using System.Diagnostics;

namespace Millrace.Worker.Endpoints;

/// <summary>What went wrong with a request, as RFC 9457 wants it.</summary>
internal sealed record Problem(string Type, string Title, int Status, string Code, string Detail, string TraceId);

/// <summary>Gives every answer without content that reports an error a body of that form; never a stack trace.</summary>
internal static class Problems
{
    public static void UseProblems(this WebApplication app)
    {
        app.UseExceptionHandler(handler => handler.Run(context => WriteAsync(context, StatusCodes.Status500InternalServerError)));
        app.UseStatusCodePages(pages => WriteAsync(pages.HttpContext, pages.HttpContext.Response.StatusCode));
    }

    private static Task WriteAsync(HttpContext context, int status)
    {
        var (code, title, detail) = status switch
        {
            StatusCodes.Status404NotFound => ("API001", "No such address", "Nothing is served here; / lists what is."),
            StatusCodes.Status405MethodNotAllowed => ("API002", "Method not allowed", $"Allowed: {context.Response.Headers.Allow}."),
            StatusCodes.Status500InternalServerError => ("API500", "The request failed", "The cause is in the log, under this trace id."),
            _ => ("API000", "The request was refused", "See the status code."),
        };
        var problem = new Problem("about:blank", title, status, code, detail, Activity.Current?.TraceId.ToString() ?? context.TraceIdentifier);
        return context.Response.WriteAsJsonAsync(problem, ApiJson.Default.Problem, "application/problem+json", context.RequestAborted);
    }
}
