using Millrace.Sqlite.Writing;

namespace Millrace.Sqlite.Inspecting;

/// <summary>Asks the file for a write that leaves nothing behind but needs all that a write needs.</summary>
internal static class StoreCheck
{
    public static bool Write(WriteSession session)
    {
        session.NextId();
        return true;
    }
}
