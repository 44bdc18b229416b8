using System.Net.Sockets;
using Millrace.Storage;
using Npgsql;

namespace Firehose.Storage.Postgres;

/// <summary>What a failure of the database means: try again at once, blame a record, or wait until somebody or time repairs the server.</summary>
internal static class PostgresFault
{
    /// <summary>Whether two transactions met and this one gave way: the same again may succeed at once.</summary>
    public static bool IsConflict(Exception error) => error is BatchConflictException or PostgresException
    {
        SqlState: PostgresErrorCodes.SerializationFailure or PostgresErrorCodes.DeadlockDetected,
    };

    /// <summary>Whether what was to be written does not fit (data exception, constraint, a key too large for its index), rather than the server being in trouble.</summary>
    public static bool IsOfTheRecords(Exception error) => error is PostgresException { SqlState: var state } && state[..2] is "22" or "23" or "54";

    /// <summary>Whether the server or the way to it failed: nothing that is to be written is to blame.</summary>
    public static bool IsOfTheServer(Exception error) =>
        error is NpgsqlException or SocketException or IOException or TimeoutException && !IsOfTheRecords(error);

    /// <summary>The error in the operator's words.</summary>
    public static StoreException Explain(Exception error, PostgresAddress address)
    {
        var (code, text) = error switch
        {
            PostgresException { SqlState: ['2', '8', ..] } => ("DB010", "refuses who asks: check user, password and pg_hba.conf"),
            PostgresException { SqlState: PostgresErrorCodes.InvalidCatalogName } => ("DB001", "has no such database: create it, or name another"),
            PostgresException { SqlState: PostgresErrorCodes.InsufficientPrivilege } => ("DB007", "does not let this user do what is needed: grant it CREATE on the schema, or run as its owner"),
            PostgresException { SqlState: PostgresErrorCodes.UndefinedTable or PostgresErrorCodes.UndefinedColumn } => ("MIG003", "lacks a table or column that this build made: somebody changed the schema"),
            PostgresException { SqlState: PostgresErrorCodes.ReadOnlySqlTransaction } => ("DB007", "is read-only, as a standby is: name the primary"),
            PostgresException { SqlState: PostgresErrorCodes.DiskFull } => ("DB006", "has no space left on its disk; work goes on by itself once there is some"),
            PostgresException { SqlState: ['5', '3', ..] } => ("DB012", "is out of connections or memory; work goes on by itself once there is some"),
            PostgresException { SqlState: ['5', '7', ..] } => ("DB001", "is starting, stopping or was told to end this session; work goes on by itself"),
            BatchConflictException => ("DB004", "has another process at work on the same accounts: work goes on by itself once one of them is done"),
            PostgresException => ("DB009", "failed"),
            _ when IsAboutTls(error) => ("DB011", "does not agree with us on TLS: check sslmode and the certificates"),
            _ => ("DB001", "cannot be reached: check host, port and that the server runs"),
        };
        return new StoreException(code, $"DATABASE_URL ({address}) {text} ({Reason(error)}).", error);
    }

    private static bool IsAboutTls(Exception error)
    {
        for (var at = error; at is not null; at = at.InnerException)
            if (at is System.Security.Authentication.AuthenticationException || at.Message.Contains("SSL", StringComparison.Ordinal))
                return true;
        return false;
    }

    private static string Reason(Exception error)
    {
        if (error is PostgresException refused) return $"{refused.SqlState}: {refused.MessageText}";
        while (error.InnerException is { } inner) error = inner;
        return error.Message.ReplaceLineEndings(" ").TrimEnd('.');
    }
}
