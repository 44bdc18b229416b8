using System.Data.Common;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;

namespace Millrace.Retries;

/// <summary>Tells the class of an error; returns null when it has no opinion, and the built-in rules decide.</summary>
public delegate ErrorClass? ErrorClassifier(Exception error);

/// <summary>The built-in rules.</summary>
public static class ErrorClassifiers
{
    /// <summary>Network, time-out and database errors that pass are transient; 429 is throttled; unreadable input is permanent; the rest is unknown.</summary>
    public static ErrorClass BuiltIn(Exception error) => error switch
    {
        PermanentException => ErrorClass.Permanent,
        TransientException => ErrorClass.Transient,
        ThrottledException => ErrorClass.Throttled,
        JsonException or FormatException or NotSupportedException => ErrorClass.Permanent,
        HttpRequestException { StatusCode: HttpStatusCode.TooManyRequests } => ErrorClass.Throttled,
        HttpRequestException { StatusCode: >= (HttpStatusCode)400 and < (HttpStatusCode)500 and not HttpStatusCode.RequestTimeout } => ErrorClass.Permanent,
        DbException { IsTransient: true } => ErrorClass.Transient,
        TimeoutException or SocketException or HttpRequestException or IOException => ErrorClass.Transient,
        InsufficientExecutionStackException or OutOfMemoryException => ErrorClass.Poison,
        AggregateException { InnerExceptions.Count: 1 } aggregate => BuiltIn(aggregate.InnerExceptions[0]),
        _ => ErrorClass.Unknown,
    };
}
