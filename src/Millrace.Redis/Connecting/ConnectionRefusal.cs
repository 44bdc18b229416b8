using Millrace.Storage;
using StackExchange.Redis;

namespace Millrace.Redis.Connecting;

/// <summary>Why the servers cannot be connected to, in one line that names the variable and never a password.</summary>
internal static class ConnectionRefusal
{
    /// <summary>The client's own message is not passed on: it holds settings.</summary>
    public static StoreException Explain(RedisConnectionException error, RedisStoreOptions options, ConfigurationOptions configuration)
    {
        var servers = string.Join(", ", configuration.EndPoints.Select(endPoint => endPoint.ToString()?.Replace("Unspecified/", "", StringComparison.Ordinal)));
        var (code, why) = Reason(error, configuration.Ssl);
        return new StoreException(code, $"{options.UrlName} ({servers}) cannot be used: {why}", error);
    }

    private static (string Code, string Why) Reason(RedisConnectionException error, bool tls) => error.FailureType switch
    {
        _ when Says(error, "WRONGPASS") || Says(error, "NOAUTH") => ("DB010", "the server refused user or password"),
        ConnectionFailureType.AuthenticationFailure when tls => ("DB011", "the TLS handshake failed: is this a TLS port, and is its certificate trusted?"),
        ConnectionFailureType.AuthenticationFailure => ("DB010", "the server refused user or password"),
        ConnectionFailureType.UnableToResolvePhysicalConnection => ("DB001", "the host name cannot be resolved"),
        _ when tls => ("DB001", "no answer over TLS: is the server up, and is this its TLS port?"),
        _ => ("DB001", "no answer: is the server up, is the port right, and does it want TLS (rediss://)?"),
    };

    private static bool Says(RedisConnectionException error, string code) => error.Message.Contains(code, StringComparison.Ordinal);
}
